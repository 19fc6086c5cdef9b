"""Money: amounts arrive as JSON numbers or texts and are counted in minor units.

The amount as the caller sent it is kept beside the count: a Zinrelo consumer sees its own type.
"""

from decimal import Decimal, InvalidOperation

from stampbook.values.amounts import Amount

MINOR_DIGITS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Digits after the point by ISO 4217 code, where they are not two."""

MINOR_MAX = 10**15

SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "PHP": "₱",
    "TWD": "NT$",
    "USD": "$",
    "VND": "₫",
    "XAF": "FCFA",
    "XCD": "EC$",
    "XCG": "Cg.",
    "XOF": "F\u202fCFA",
    "XPF": "CFPF",
}
"""Symbols by ISO 4217 code, where they are not the code itself. Source: Unicode CLDR, English."""


def minor_digits(currency: str) -> int:
    """Give the number of digits after the point of a currency."""
    return MINOR_DIGITS.get(currency.upper(), 2)


def symbol_of(currency: str) -> str:
    """Give the symbol that people write for a currency."""
    return SYMBOLS.get(currency.upper(), currency.upper())


def to_decimal(amount: Amount) -> Decimal | None:
    """Read an amount, or give None when it is no finite number."""
    try:
        number = Decimal(amount.strip() if isinstance(amount, str) else str(amount))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def to_minor(amount: Amount, currency: str) -> int | None:
    """Count an amount in minor units, rounded half up; None when it is no number in range."""
    number = to_decimal(amount)
    if number is None or abs(number) > MINOR_MAX:
        return None
    return int((number.scaleb(minor_digits(currency))).quantize(Decimal(1), "ROUND_HALF_UP"))


def from_minor(minor: int, currency: str) -> float:
    """Give an amount as a JSON number from its minor units."""
    return minor / 10 ** minor_digits(currency)


def minor_of(amount: float, currency: str) -> int:
    """Give the minor units of an amount that `from_minor` gave."""
    return round(amount * 10 ** minor_digits(currency))


def converted(minor: int, currency: str, into: str, rate: float) -> int:
    """Convert an amount into another currency, rounded half up.

    Units: minor units; `rate` is what one unit of `currency` is worth in the other.
    """
    if rate == 1 and currency == into:
        return minor
    shift = minor_digits(into) - minor_digits(currency)
    exact = Decimal(minor) * Decimal(str(rate))
    return int(exact.scaleb(shift).quantize(Decimal(1), "ROUND_HALF_UP"))
