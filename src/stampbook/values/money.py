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


def minor_digits(currency: str) -> int:
    """Give the number of digits after the point of a currency."""
    return MINOR_DIGITS.get(currency.upper(), 2)


def to_decimal(amount: Amount) -> Decimal | None:
    """Read an amount, or give None when it is no finite number."""
    try:
        number = Decimal(str(amount).strip())
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
