"""Order money: what of an order is left, in its own currency and in the program's.

Points, tiers and revenue count in the program's currency, by the rate that is stored with the
order: what comes back later is converted as it was when it was bought.

Source: decisions/0013.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from stampbook.nouns.order import Order
from stampbook.values.money import converted, from_minor, minor_of, to_decimal, to_minor

MONEY = ("order_subtotal", "order_total", "discount", "tax")
"""The attributes of an order that are amounts."""

ZERO = Decimal(0)


def bought(order: Order) -> int:
    """Give what was bought. Units: minor units of the order's currency."""
    return minor_of(order.subtotal, order.currency)


def came_back(order: Order) -> int:
    """Give what has come back of it. Units: minor units of the order's currency."""
    return minor_of(order.returned_amount, order.currency)


def counts(order: Order) -> bool:
    """Tell whether an order counts as a purchase."""
    return not order.is_waiting and order.cancelled_at is None


def is_over(order: Order) -> bool:
    """Tell whether nothing is left of an order."""
    return order.cancelled_at is not None or order.returned_in_full


def spent(order: Order, currency: str) -> int:
    """Give what an order counts as spent. Units: minor units of the program's currency."""
    if not counts(order):
        return 0
    return converted(bought(order) - came_back(order), order.currency, currency, order.rate)


def share_of_subtotal(order: Order, refunded: int) -> int:
    """Give how much of the subtotal a refund of money is, which may hold tax and shipping.

    Units: minor units of the order's currency.
    """
    total = minor_of(order.total, order.currency)
    if refunded >= total:
        return bought(order) if refunded else 0
    share = Decimal(bought(order)) * refunded / total
    return int(share.quantize(Decimal(1), "ROUND_HALF_UP"))


def as_rules_read(order: Order, attributes: Mapping[str, Any], currency: str) -> Mapping[str, Any]:
    """Give an order's attributes with its amounts in the program's currency."""
    if order.currency == currency and order.rate == 1:
        return attributes
    read = dict(attributes)
    for name in MONEY:
        if name in read:
            read[name] = _in_program(order, read[name], currency)
    if "products" in read:
        read["products"] = [
            {**line, "product_price": _in_program(order, line.get("product_price", 0), currency)}
            for line in read["products"]
        ]
    return read


def _in_program(order: Order, amount: Any, currency: str) -> Any:
    """Convert an amount; what is no amount stays for the rules to find."""
    minor = to_minor(amount, order.currency)
    if minor is None:
        return amount
    return from_minor(converted(minor, order.currency, currency, order.rate), currency)


def remaining(order: Order, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give an order's attributes as if only what is left of it had been bought."""
    if not order.returned_amount and not order.returned_products:
        return attributes
    currency, back = order.currency, came_back(order)
    read = dict(attributes)
    read["order_subtotal"] = from_minor(bought(order) - back, currency)
    if "order_total" in read:
        total = minor_of(order.total, currency) - back
        read["order_total"] = from_minor(max(0, total), currency)
    if "products" in read:
        read["products"] = _lines_left(order, read["products"])
    return read


def _lines_left(order: Order, products: Any) -> list[dict[str, Any]]:
    gone = {key: Decimal(str(value)) for key, value in order.returned_products.items()}
    lines: list[dict[str, Any]] = []
    for line in products:
        quantity = to_decimal(line.get("product_quantity", 1)) or ZERO
        back = min(quantity, gone.get(line["product_id"], ZERO))
        gone[line["product_id"]] = gone.get(line["product_id"], ZERO) - back
        if quantity > back:
            lines.append({**line, "product_quantity": float(quantity - back)})
    return lines
