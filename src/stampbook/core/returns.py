"""Returns: what came back is taken out of the order, and the rest is valued again.

The clawback is what the order earned less what remains of it is worth, by the rule version and the
inputs that valued it first.

Source: contract section 2, returns; decisions/0009.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.awards import pend, reject
from stampbook.core.book import Book
from stampbook.core.deductions import deduct, refuses_deduction
from stampbook.core.draft import Draft
from stampbook.core.orders import revenue_fields
from stampbook.core.refusals import (
    ORDER_ALREADY_RETURNED,
    ORDER_AMOUNT_INVALID,
    ORDER_PRODUCT_UNKNOWN,
    ORDER_RETURN_TOO_LARGE,
    Refused,
    refuse,
)
from stampbook.core.rules.evaluate import evaluate
from stampbook.core.tiers import count_towards, qualifying, reconsider
from stampbook.facts.order.updated import OrderUpdated
from stampbook.nouns.lot import SYSTEM
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Amount, Key
from stampbook.values.ids import TransactionId
from stampbook.values.money import from_minor, to_decimal, to_minor

ZERO = Decimal(0)


class ReturnedProduct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product that came back, and how many of it."""

    product_id: Key
    quantity: Amount = 1


class Remainder(Struct, frozen=True):
    """What is left of an order. Units: minor units; quantities returned so far by product."""

    returned: int
    left: int
    products: dict[str, float]
    in_full: bool


def take_back(
    draft: Draft,
    book: Book,
    order: Order,
    amount: Amount | None,
    products: Sequence[ReturnedProduct],
    reason: str,
) -> tuple[Order, Transaction | None] | Refused:
    """Return an order, in full or in part, and claw back what it no longer earns."""
    remainder = _remainder(order, amount, products)
    if isinstance(remainder, Refused):
        return remainder
    award = draft.transaction(order.award_id) if order.award_id else None
    worth = _worth(draft, order, award, remainder) if award is not None else 0
    owed = max(0, award.points - award.returned_points - worth) if award is not None else 0
    is_approved = award is not None and award.status == "approved"
    if is_approved and owed and draft.definition.points.clawback == "refuse":
        refused = refuses_deduction(draft, book, owed)
        if refused is not None:
            return replace(refused, facts={**refused.facts, "order_id": order.order_id})
    order = _returned_order(draft, book, order, remainder)
    if award is None or not owed:
        return order, None
    if award.status == "pending":
        return _pend_again(draft, book, order, award, worth), None
    return order, _claw_back(draft, book, order, award, owed, reason)


def _remainder(
    order: Order, amount: Amount | None, products: Sequence[ReturnedProduct]
) -> Remainder | Refused:
    about: dict[str, Any] = {"member_id": order.member_id, "order_id": order.order_id}
    bought = to_minor(order.subtotal, order.currency) or 0
    before = to_minor(order.returned_amount, order.currency) or 0
    if order.returned_in_full:
        return refuse(ORDER_ALREADY_RETURNED, field="order_id", **about)
    quantities = dict(order.returned_products)
    if amount is None and not products:
        return Remainder(bought, 0, quantities, in_full=True)
    back = 0
    if amount is not None:
        minor = to_minor(amount, order.currency)
        if minor is None or minor <= 0:
            return refuse(ORDER_AMOUNT_INVALID, field="returned_amount", **about)
        back = minor
    for index, product in enumerate(products):
        value = _product_value(order, product, quantities)
        if isinstance(value, Refused):
            return replace(value, field=f"returned_products[{index}]", member_id=order.member_id)
        if amount is None:
            # of a discounted order the products cost more than was paid
            back = min(back + value, bought - before)
    if before + back > bought:
        return refuse(
            ORDER_RETURN_TOO_LARGE, **about, left=from_minor(bought - before, order.currency)
        )
    return Remainder(before + back, bought - before - back, quantities, before + back == bought)


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
    bought = sum((to_decimal(line.get("product_quantity", 1)) or ZERO for line in lines), ZERO)
    so_far = Decimal(str(quantities.get(product.product_id, 0)))
    if so_far + quantity > bought:
        return refuse(ORDER_RETURN_TOO_LARGE, **about, left=float(bought - so_far))
    quantities[product.product_id] = float(so_far + quantity)
    price = to_decimal(lines[0].get("product_price", 0)) or ZERO
    return to_minor(str(price * quantity), order.currency) or 0


def _worth(draft: Draft, order: Order, award: Transaction, remainder: Remainder) -> int:
    """Give what remains of an order earns by the rule version that valued it. Units: points."""
    definition = draft.state.past[award.rule_version]
    activity = definition.activity_by_id.get(award.activity_id or "")
    if activity is None or not remainder.left:
        return 0
    valuation = evaluate(activity, remaining_attributes(order, remainder), award.inputs)
    return 0 if isinstance(valuation, Refused) else min(valuation.points, award.points)


def remaining_attributes(order: Order, remainder: Remainder) -> dict[str, Any]:
    """Give an order's attributes as if only the remainder had been bought."""
    currency = order.currency
    total = (to_minor(order.total, currency) or 0) - remainder.returned
    attributes = dict(order.attributes)
    attributes["order_subtotal"] = from_minor(remainder.left, currency)
    if "order_total" in attributes:
        attributes["order_total"] = from_minor(max(0, total), currency)
    back = {key: Decimal(str(value)) for key, value in remainder.products.items()}
    lines: list[dict[str, Any]] = []
    for line in order.attributes.get("products", ()):
        quantity = to_decimal(line.get("product_quantity", 1)) or ZERO
        gone = min(quantity, back.get(line["product_id"], ZERO))
        back[line["product_id"]] = back.get(line["product_id"], ZERO) - gone
        if quantity > gone:
            lines.append({**line, "product_quantity": float(quantity - gone)})
    if "products" in attributes:
        attributes["products"] = lines
    return attributes


def _returned_order(draft: Draft, book: Book, order: Order, remainder: Remainder) -> Order:
    before = to_minor(order.returned_amount, order.currency) or 0
    returned = replace(
        order,
        modified_at=draft.at,
        returned_amount=from_minor(remainder.returned, order.currency),
        returned_products=remainder.products,
        returned_in_full=remainder.in_full,
    )
    draft.put_order(book, returned)
    back = remainder.returned - before
    revenue = max(0, book.counters.revenue_minor - back)
    draft.change_counters(book, replace(book.counters, revenue_minor=revenue))
    purchases = book.member.number_of_purchases
    draft.change_member(book, **revenue_fields(draft, revenue, purchases))
    standing = count_towards(draft, book, spend=-back)
    draft.fact(
        OrderUpdated,
        book,
        order=returned,
        changed=("returned_amount", "returned_products"),
        returned_amount=from_minor(back, order.currency),
    )
    reconsider(draft, book, standing)
    return returned


def _pend_again(draft: Draft, book: Book, order: Order, award: Transaction, worth: int) -> Order:
    """Reject a pending award, and let what the remainder earns wait in its place.

    A pending award resolves once, so a smaller one is another award.
    """
    reject(draft, book, award, SYSTEM)
    smaller = None
    if worth:
        smaller = replace(
            award,
            id=TransactionId(draft.ids.take()),
            points=worth,
            modified_at=draft.at,
        )
        pend(draft, book, smaller)
    changed = replace(order, award_id=smaller.id if smaller else None)
    draft.put_order(book, changed)
    return changed


def _claw_back(
    draft: Draft, book: Book, order: Order, award: Transaction, owed: int, reason: str
) -> Transaction | None:
    """Take back what an award no longer earns; the tier loses it even where it is spent."""
    if award.status != "approved":
        return None
    draft.put_transaction(
        book,
        replace(award, returned_points=award.returned_points + owed, modified_at=draft.at),
    )
    qualified = owed if award.qualifies else 0
    deducted = deduct(
        draft,
        book,
        owed,
        {"order_id": order.order_id, "reason": reason, "award_id": award.id},
        qualified=qualified,
        rule_version=award.rule_version,
        order_id=order.order_id,
    )
    if isinstance(deducted, Transaction):
        return deducted
    counted = qualifying(book, -qualified)
    if counted:
        draft.enter(book, "disqualify", 0, award.id, qualified=counted)
    reconsider(draft, book, count_towards(draft, book, points=counted))
    return None
