"""Returns: what came back is taken out of the order, and the rest is valued again.

Shapes: a return names what came back since the last one; a refund says how much money went back so
far. What both tell of counts once: of an order has come back the larger of the two.

Source: contract section 2, returns; decisions/0009 and 0013.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.order_effects import Effects
from stampbook.core.order_money import ZERO, bought, came_back, is_over
from stampbook.core.orders import change
from stampbook.core.refusals import (
    ORDER_ALREADY_RETURNED,
    ORDER_AMOUNT_INVALID,
    ORDER_CANCELLED,
    ORDER_PRODUCT_UNKNOWN,
    ORDER_RETURN_TOO_LARGE,
    Refused,
    refuse,
)
from stampbook.nouns.order import Order
from stampbook.values.amounts import Amount, Key
from stampbook.values.money import from_minor, minor_of, to_decimal, to_minor


class ReturnedProduct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product that came back, and how many of it."""

    product_id: Key
    quantity: Amount = 1


def take_back(
    draft: Draft,
    book: Book,
    order: Order,
    amount: Amount | None,
    products: Sequence[ReturnedProduct],
    reason: str,
) -> Effects | Refused:
    """Return an order, in full or in part, and claw back what it no longer earns."""
    after = _returned(order, amount, products)
    if isinstance(after, Refused):
        return after
    return change(draft, book, order, after, reason=reason)


def _returned(
    order: Order, amount: Amount | None, products: Sequence[ReturnedProduct]
) -> Order | Refused:
    """Give an order of which something more has come back."""
    about: dict[str, Any] = {"member_id": order.member_id, "order_id": order.order_id}
    if is_over(order):
        is_cancelled = order.cancelled_at is not None
        code = ORDER_CANCELLED if is_cancelled else ORDER_ALREADY_RETURNED
        return refuse(code, field="order_id", **about)
    whole, known = bought(order), came_back(order)
    named = known - minor_of(order.refunded_ahead, order.currency)
    if amount is None and not products:
        return replace(_with(order, whole, whole, order.returned_products), returned_in_full=True)
    quantities = dict(order.returned_products)
    back = _amount_back(order, amount, products, quantities, whole - named)
    if isinstance(back, Refused):
        return replace(back, member_id=order.member_id)
    if named + back > whole:
        return refuse(
            ORDER_RETURN_TOO_LARGE, **about, left=from_minor(whole - named, order.currency)
        )
    named += back
    return _with(order, named, max(known, named), quantities)


def _amount_back(
    order: Order,
    amount: Amount | None,
    products: Sequence[ReturnedProduct],
    quantities: dict[str, float],
    left: int,
) -> int | Refused:
    """Count returned products into `quantities`; gives what the return is worth in minor units."""
    back = 0
    if amount is not None:
        minor = to_minor(amount, order.currency)
        if minor is None or minor <= 0:
            return refuse(ORDER_AMOUNT_INVALID, field="returned_amount", order_id=order.order_id)
        back = minor
    for index, product in enumerate(products):
        value = _product_value(order, product, quantities)
        if isinstance(value, Refused):
            return replace(value, field=f"returned_products[{index}]")
        if amount is None:
            back = min(back + value, left)  # products of a discounted order cost more than was paid
    return back


def _with(order: Order, named: int, back: int, products: dict[str, float]) -> Order:
    """Give an order with what returns named and what has come back. Units: minor units."""
    currency = order.currency
    return replace(
        order,
        returned_amount=from_minor(back, currency),
        refunded_ahead=from_minor(back - named, currency),
        returned_products=products,
        returned_in_full=back == bought(order) and not _is_left(order, products),
    )


def _is_left(order: Order, gone: Mapping[str, float]) -> bool:
    """Tell whether products that are left say that an order that cost nothing is not over."""
    if bought(order) or not gone:
        return False
    lines = order.attributes.get("products", ())
    sold = sum((to_decimal(line.get("product_quantity", 1)) or ZERO for line in lines), ZERO)
    return sum((Decimal(str(quantity)) for quantity in gone.values()), ZERO) < sold


def _product_value(
    order: Order, product: ReturnedProduct, quantities: dict[str, float]
) -> int | Refused:
    """Count a returned product into `quantities`; gives its value in minor units."""
    about: dict[str, Any] = {"order_id": order.order_id, "product_id": product.product_id}
    lines = [
        line
        for line in order.attributes.get("products", ())
        if line["product_id"] == product.product_id
    ]
    quantity = to_decimal(product.quantity)
    if not lines:
        return refuse(ORDER_PRODUCT_UNKNOWN, **about)
    if quantity is None or quantity <= 0:
        return refuse(ORDER_AMOUNT_INVALID, **about)
    sold = sum((to_decimal(line.get("product_quantity", 1)) or ZERO for line in lines), ZERO)
    so_far = Decimal(str(quantities.get(product.product_id, 0)))
    if so_far + quantity > sold:
        return refuse(ORDER_RETURN_TOO_LARGE, **about, left=float(sold - so_far))
    quantities[product.product_id] = float(so_far + quantity)
    price = to_decimal(lines[0].get("product_price", 0)) or ZERO
    return to_minor(str(price * quantity), order.currency) or 0
