"""Purchases: an order as the shop sends it, and what it must be before it is recorded.

Source: contract section 2, earning: an order id earns once for ever.
"""

from typing import Any

import msgspec
from msgspec import Struct

from stampbook.core.draft import Draft
from stampbook.core.members import Email
from stampbook.core.past import happened
from stampbook.core.refusals import (
    ORDER_ALREADY_RECORDED,
    ORDER_AMOUNT_INVALID,
    ORDER_CURRENCY_UNKNOWN,
    Refused,
    refuse,
)
from stampbook.nouns.order import Products
from stampbook.values.amounts import Amount, Attributes, Key, Line, Link, Tags
from stampbook.values.instants import Instant
from stampbook.values.money import converted, to_minor

ORDER_MINOR_MAX = 10**13


class Purchase(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order as the shop knows it.

    Shapes: amounts keep the type that was sent; `attributes` are any others that rules may read.
    `ordered_at` is for orders of the past and is not after now; `updated_at` is when the shop said
    this. The names fill in the profile of a customer whom the order enrols.
    Units: the order's currency.
    """

    order_id: Key
    member_id: Key
    order_subtotal: Amount
    order_total: Amount | None = None
    """None: the same as the subtotal."""
    currency: Line | None = None
    """None: the program's."""
    discount: Amount | None = None
    tax: Amount | None = None
    coupon_code: Line | None = None
    """A code of ours is used by the order; any other is only a text."""
    reason: Line | None = None
    tags: Tags | None = None
    products: Products | None = None
    status: Line | None = None
    financial_status: Line | None = None
    delivery_status: Line | None = None
    refunded: Amount | None = None
    """The money that went back so far."""
    name: Line | None = None
    """What people call the order, such as a number."""
    source: Line | None = None
    cart_token: Line | None = None
    payment_source: Line | None = None
    payment_medium: Line | None = None
    utm_source: Line | None = None
    utm_medium: Line | None = None
    utm_campaign: Line | None = None
    driven_by: Line | None = None
    coupon_driven_by: Line | None = None
    link: Link | None = None
    """None: as `orders.link` of the program says."""
    attributes: Attributes = {}
    ordered_at: Instant | None = None
    updated_at: Instant | None = None
    email_address: Email | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    phone_number: Line | None = None


CUSTOMER_FIELDS = ("email_address", "first_name", "last_name", "phone_number")
TEXT_FIELDS = (
    "status", "financial_status", "delivery_status", "name", "source", "cart_token", "coupon_code",
    "payment_source", "payment_medium", "utm_source", "utm_medium", "utm_campaign", "driven_by",
    "coupon_driven_by",
)  # fmt: skip
"""What an order keeps as it was sent."""
RECEIVED_FIELDS = frozenset(
    (
        "order_id", "order_subtotal", "order_total", "currency", "coupon_code", "reason", "tags",
        "products", "discount", "tax", "source", "payment_source", "payment_medium", "utm_source",
        "utm_medium", "utm_campaign", "driven_by", "coupon_driven_by",
    )
)  # fmt: skip
"""What rules may read beside the attributes."""
LISTS = frozenset(("tags", "products"))


class Terms(Struct, frozen=True):
    """What an order is worth and when it was made.

    Units: minor units of its currency; `rate` is what one unit is worth in the program's.
    """

    currency: str
    rate: float
    subtotal: int
    total: int
    discount: int | None
    tax: int | None
    refunded: int
    ordered_at: Instant


def customer(purchase: Purchase) -> dict[str, Any]:
    """Give the profile fields that an order carries of its customer."""
    return {name: getattr(purchase, name) for name in CUSTOMER_FIELDS}


def received(purchase: Purchase) -> dict[str, Any]:
    """Give the transaction attributes: what was sent, as it was sent.

    Shapes: lists are only those of the order's own fields, which have been checked.
    """
    sent = msgspec.to_builtins(purchase)  # what was left out is left out here too
    named = {name: value for name, value in sent.items() if name in RECEIVED_FIELDS}
    others = {name: value for name, value in purchase.attributes.items() if name not in LISTS}
    return {**others, **named}


def checked(draft: Draft, purchase: Purchase) -> Terms | Refused:
    """Give an order's terms, unless it was recorded before or cannot be valued."""
    if draft.order(purchase.order_id) is not None:
        return refuse(
            ORDER_ALREADY_RECORDED,
            field="order_id",
            member_id=purchase.member_id,
            order_id=purchase.order_id,
        )
    program, rates = draft.definition.currency, draft.definition.orders.rates
    currency = program if purchase.currency is None else purchase.currency.upper()
    rate = 1.0 if currency == program else rates.get(currency)
    if rate is None:
        return refuse(ORDER_CURRENCY_UNKNOWN, field="currency", program_currency=program)
    ordered_at = happened(draft, purchase.ordered_at, "ordered_at")
    if isinstance(ordered_at, Refused):
        return ordered_at
    amounts = _amounts(purchase, currency)
    if isinstance(amounts, Refused):
        return amounts
    subtotal = amounts["order_subtotal"] or 0
    total = amounts["order_total"]
    total = subtotal if total is None else total
    if max(converted(each, currency, program, rate) for each in (subtotal, total)) >= (
        ORDER_MINOR_MAX
    ):
        return refuse(ORDER_AMOUNT_INVALID, field="order_total")
    return Terms(
        currency=currency,
        rate=rate,
        subtotal=subtotal,
        total=total,
        discount=amounts["discount"],
        tax=amounts["tax"],
        refunded=amounts["refunded"] or 0,
        ordered_at=ordered_at,
    )


def _amounts(purchase: Purchase, currency: str) -> dict[str, int | None] | Refused:
    amounts: dict[str, int | None] = {}
    for field in ("order_subtotal", "order_total", "discount", "tax", "refunded"):
        sent = getattr(purchase, field)
        amounts[field] = None
        if sent is not None:
            minor = amount_in(sent, currency)
            if minor is None:
                return refuse(ORDER_AMOUNT_INVALID, field=field)
            amounts[field] = minor
    return amounts


def amount_in(sent: Amount, currency: str) -> int | None:
    """Count an amount of an order in minor units; None when it is out of range."""
    minor = to_minor(sent, currency)
    return minor if minor is not None and 0 <= minor < ORDER_MINOR_MAX else None
