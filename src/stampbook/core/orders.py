"""Orders: they are recorded once, earn once, and change their status.

Source: contract section 2, earning: an order id earns once for ever.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.activities import perform
from stampbook.core.book import Book
from stampbook.core.draft import Draft
from stampbook.core.members import Email
from stampbook.core.past import happened
from stampbook.core.refusals import (
    ORDER_ALREADY_RECORDED,
    ORDER_AMOUNT_INVALID,
    ORDER_CURRENCY_UNKNOWN,
    ORDER_NOT_FOUND,
    POINTS_NOTHING_EARNED,
    Refused,
    refuse,
)
from stampbook.core.refusing import state_refusal
from stampbook.core.tiers import count_towards, reconsider
from stampbook.facts.order.recorded import OrderRecorded
from stampbook.facts.order.updated import OrderUpdated
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.order import Order, Products
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Amount, Attributes, Key, Line, Tags
from stampbook.values.instants import Instant
from stampbook.values.money import from_minor, to_minor

ORDER_MINOR_MAX = 10**13


class Purchase(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order as the shop knows it.

    Shapes: amounts keep the type that was sent; `attributes` are any others that rules may read.
    `ordered_at` is for orders of the past and is not after now. The names fill in the profile of a
    customer whom the order enrols. Units: the order's currency.
    """

    order_id: Key
    member_id: Key
    order_subtotal: Amount
    order_total: Amount | None = None
    """None: the same as the subtotal."""
    currency: Line | None = None
    """None: the program's."""
    coupon_code: Line | None = None
    reason: Line | None = None
    tags: Tags | None = None
    products: Products | None = None
    status: Line | None = None
    financial_status: Line | None = None
    delivery_status: Line | None = None
    attributes: Attributes = {}
    ordered_at: Instant | None = None
    email_address: Email | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    phone_number: Line | None = None


CUSTOMER_FIELDS = ("email_address", "first_name", "last_name", "phone_number")
RECEIVED_FIELDS = (
    "order_id",
    "order_subtotal",
    "order_total",
    "currency",
    "coupon_code",
    "reason",
    "tags",
)


class Terms(Struct, frozen=True):
    """What an order is worth and when it was made. Units: minor units of the program's currency."""

    subtotal: int
    total: int
    ordered_at: Instant


def customer(purchase: Purchase) -> dict[str, Any]:
    """Give the profile fields that an order carries of its customer."""
    return {name: getattr(purchase, name) for name in CUSTOMER_FIELDS}


def received(purchase: Purchase) -> dict[str, Any]:
    """Give the transaction attributes: what was sent, as it was sent."""
    attributes = dict(purchase.attributes)
    for name in RECEIVED_FIELDS:
        value = getattr(purchase, name)
        if value is not None:
            attributes[name] = list(value) if name == "tags" else value
    if purchase.products is not None:
        attributes["products"] = msgspec.to_builtins(purchase.products)
    return attributes


def checked(draft: Draft, purchase: Purchase) -> Terms | Refused:
    """Give an order's terms, unless it was recorded before or cannot be valued."""
    if draft.order(purchase.order_id) is not None:
        return refuse(
            ORDER_ALREADY_RECORDED,
            field="order_id",
            member_id=purchase.member_id,
            order_id=purchase.order_id,
        )
    currency = draft.definition.currency
    if purchase.currency is not None and purchase.currency.upper() != currency:
        return refuse(ORDER_CURRENCY_UNKNOWN, field="currency", program_currency=currency)
    ordered_at = happened(draft, purchase.ordered_at, "ordered_at")
    if isinstance(ordered_at, Refused):
        return ordered_at
    subtotal = to_minor(purchase.order_subtotal, currency)
    total = subtotal
    if purchase.order_total is not None:
        total = to_minor(purchase.order_total, currency)
    for field, minor in (("order_subtotal", subtotal), ("order_total", total)):
        if minor is None or not 0 <= minor < ORDER_MINOR_MAX:
            return refuse(ORDER_AMOUNT_INVALID, field=field)
    assert subtotal is not None
    assert total is not None
    return Terms(subtotal, total, ordered_at)


def record(
    draft: Draft, book: Book, purchase: Purchase, terms: Terms
) -> tuple[Order, Transaction | None, Refused | None]:
    """Record an order and award what it earns; a refused award leaves the order recorded."""
    currency = draft.definition.currency
    attributes = received(purchase)
    order = Order(
        order_id=purchase.order_id,
        member_id=book.member.member_id,
        created_at=terms.ordered_at,
        modified_at=draft.at,
        currency=currency,
        total=from_minor(terms.total, currency),
        subtotal=from_minor(terms.subtotal, currency),
        status=purchase.status,
        financial_status=purchase.financial_status,
        delivery_status=purchase.delivery_status,
        attributes=attributes,
    )
    _count_purchase(draft, book, order, terms)
    draft.put_order(book, order)
    standing = count_towards(draft, book, spend=terms.subtotal)
    draft.fact(OrderRecorded, book, order=order)
    reconsider(draft, book, standing)
    awarded = _award_order(draft, book, order)
    if isinstance(awarded, Transaction):
        order = replace(order, award_id=awarded.id)
        draft.put_order(book, order)
        return order, awarded, None
    return order, None, awarded


def _count_purchase(draft: Draft, book: Book, order: Order, terms: Terms) -> None:
    member, at = book.member, order.created_at
    purchases = member.number_of_purchases + 1
    revenue = book.counters.revenue_minor + terms.subtotal
    draft.change_counters(book, replace(book.counters, revenue_minor=revenue))
    draft.change_member(
        book,
        number_of_purchases=purchases,
        first_purchase_at=min(member.first_purchase_at or at, at),
        last_purchase_at=max(member.last_purchase_at or at, at),
        last_activity_at=draft.at,
        **revenue_fields(draft, revenue, purchases),
    )


def revenue_fields(draft: Draft, revenue: int, purchases: int) -> dict[str, float]:
    """Give what a member spent, and the average of their orders. Units: revenue in minor units."""
    currency = draft.definition.currency
    average = round(revenue / purchases) if purchases else 0
    return {"revenue": from_minor(revenue, currency), "aov": from_minor(average, currency)}


def _award_order(draft: Draft, book: Book, order: Order) -> Transaction | Refused | None:
    """Award the activity that orders set off, if the program has one and it is on."""
    activity = next((one for one in draft.definition.activities if one.on == "order"), None)
    if activity is None or not activity.is_active:
        return None
    awarded = perform(draft, book, activity.id, order.attributes, order_id=order.order_id)
    if isinstance(awarded, Refused) and awarded.code != POINTS_NOTHING_EARNED.code:
        state_refusal(draft, PointsRefused, awarded)
    return awarded


def known_order(draft: Draft, order_id: str) -> tuple[Book, Order] | Refused:
    """Give an order with its member's book."""
    order = draft.order(order_id)
    book = draft.book_of(order.member_id) if order else None
    if order is None or book is None or order.is_guest:
        return refuse(ORDER_NOT_FOUND, field="order_id", order_id=order_id)
    return book, order


def update(
    draft: Draft, book: Book, order: Order, fields: Mapping[str, Any]
) -> tuple[Order, tuple[str, ...]]:
    """Change what is new among some fields; gives the names of those that changed."""
    news = {name: value for name, value in fields.items() if getattr(order, name) != value}
    if news:
        order = replace(order, modified_at=draft.at, **news)
        draft.put_order(book, order)
        draft.fact(OrderUpdated, book, order=order, changed=tuple(sorted(news)))
    return order, tuple(sorted(news))
