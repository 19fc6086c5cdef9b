"""Orders: they are recorded once, and follow what the shop says of them.

Source: contract section 2, earning; decisions/0013.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.clawbacks import refuses_clawback
from stampbook.core.draft import Draft
from stampbook.core.order_effects import Effects, follow
from stampbook.core.order_news import STATUSES, News, changed, meant, told
from stampbook.core.purchases import TEXT_FIELDS, Purchase, Terms, amount_in, received
from stampbook.core.refusals import ORDER_AMOUNT_INVALID, ORDER_NOT_FOUND, Refused, refuse
from stampbook.nouns.order import Order
from stampbook.values.ids import OrderId
from stampbook.values.instants import Instant
from stampbook.values.money import from_minor


def known_order(draft: Draft, order_id: str) -> tuple[Book, Order] | Refused:
    """Give an order with its member's book; a guest's order is nobody's."""
    order = draft.order(order_id)
    book = draft.book_of(order.member_id) if order and not order.is_guest else None
    if order is None or book is None:
        return refuse(ORDER_NOT_FOUND, field="order_id", order_id=order_id)
    return book, order


def record(draft: Draft, book: Book, purchase: Purchase, terms: Terms) -> Effects:
    """Record an order and award what it earns; a refused award leaves the order recorded."""
    order = order_of(draft, purchase, terms)
    return follow(draft, book, None, order, reason="refund")


def order_of(draft: Draft, purchase: Purchase, terms: Terms) -> Order:
    """Give the order of a purchase with what the shop says of it; it is not stored yet."""
    order = _made(draft, purchase, terms)
    news = News(
        fields={name: getattr(purchase, name) for name in STATUSES}, refunded=terms.refunded
    )
    order = meant(draft.definition, order, news, terms.ordered_at)
    if order.review_at is not None and order.review_at <= draft.at:
        order = replace(order, review_at=None)  # nobody is asked about what was bought long ago
    return order


def _made(draft: Draft, purchase: Purchase, terms: Terms) -> Order:
    """Make the order of a purchase, before anything is said of it."""
    currency, settings, said_at = terms.currency, draft.definition.orders, purchase.updated_at
    link = purchase.link or settings.link
    return Order(
        id=OrderId(draft.ids.take()),
        order_id=purchase.order_id,
        member_id=purchase.member_id,
        created_at=terms.ordered_at,
        modified_at=draft.at,
        currency=currency,
        rate=terms.rate,
        total=from_minor(terms.total, currency),
        subtotal=from_minor(terms.subtotal, currency),
        discount=None if terms.discount is None else from_minor(terms.discount, currency),
        tax=None if terms.tax is None else from_minor(terms.tax, currency),
        attributes=received(purchase),
        link=link.replace("{order_id}", purchase.order_id) if link else None,
        is_waiting=bool(settings.earn_when or settings.skip_tags),
        said_at=dict.fromkeys(STATUSES, said_at) if said_at else {},
        **{name: getattr(purchase, name) for name in TEXT_FIELDS},
    )


def update(
    draft: Draft,
    book: Book,
    order: Order,
    fields: Mapping[str, Any],
    *,
    said_at: Instant | None,
) -> Effects | Refused:
    """Let an order follow what the shop says of it.

    Shapes: `fields` are those of the order; `tags` and `refunded` among them.
    """
    said = dict(fields)
    tags = said.pop("tags", None)
    refunded = amount_in(said.pop("refunded", 0), order.currency)
    if refunded is None:
        return refuse(ORDER_AMOUNT_INVALID, field="refunded", order_id=order.order_id)
    news = News(fields=said, tags=tags, refunded=refunded, said_at=said_at)
    after = told(draft.definition, order, news, draft.at)
    if not changed(order, after):
        if after != order:  # nothing is new, but from when it is
            draft.put_order(book, after)
        return Effects(order=after)
    is_cancelled = after.cancelled_at is not None and order.cancelled_at is None
    return change(draft, book, order, after, reason="cancellation" if is_cancelled else "refund")


def change(
    draft: Draft, book: Book, before: Order, after: Order, *, reason: str
) -> Effects | Refused:
    """Change an order, unless the program refuses to take back what it no longer earns."""
    refused = refuses_clawback(draft, book, before, after)
    if refused is not None:
        return refused
    return follow(draft, book, before, replace(after, modified_at=draft.at), reason=reason)
