"""Order news: what the shop says of an order, and the order after it. Pure.

Old news sets no field that newer news has set, but what it says still happened: an order that was
paid before it was refunded has been paid. So the order in which news arrives does not matter.

Source: decisions/0013.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.definition import Definition
from stampbook.core.order_money import bought, came_back, is_over, share_of_subtotal
from stampbook.core.rules.operands import fold
from stampbook.nouns.order import Order
from stampbook.values.instants import Instant
from stampbook.values.money import from_minor, minor_of

STATUSES = ("status", "financial_status", "delivery_status")
UNTOLD = frozenset(("modified_at", "said_at", "refunded_ahead"))
"""Fields of an order whose change is no news to anybody."""

WORDS_KEPT = 1024
"""Units: settings of programs."""


class News(Struct, frozen=True, kw_only=True):
    """What the shop said of an order.

    Shapes: `fields` are the order's fields as said, but for `tags`; `said_at` is the shop's own
    time, None is newer than everything. Units: `refunded` in minor units of the order's currency.
    """

    fields: Mapping[str, Any]
    tags: tuple[str, ...] | None = None
    refunded: int = 0
    said_at: Instant | None = None


@lru_cache(maxsize=WORDS_KEPT)
def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, words))


def _says(found: Collection[str], wanted: tuple[str, ...]) -> bool:
    return bool(found and wanted) and not _folded(wanted).isdisjoint(found)


def _words(texts: Iterable[str | None]) -> set[str]:
    return {fold(text) for text in texts if text}


def told(definition: Definition, order: Order, news: News, at: Instant) -> Order:
    """Give an order after some news."""
    return meant(definition, _fields_set(order, news, at), news, at)


def meant(definition: Definition, order: Order, news: News, at: Instant) -> Order:
    """Give an order with what news means by the program's settings; its fields are set already."""
    settings = definition.orders
    words = _words(news.fields.get(name) for name in STATUSES)
    if words or news.refunded:
        in_full = _says(words, settings.refund_when)
        if in_full or news.refunded:
            order = refunded(order, news.refunded, in_full=in_full)
        if order.cancelled_at is None and _says(words, settings.cancel_when):
            order = replace(order, cancelled_at=at)
        if order.fulfilled_at is None and _says(words, settings.fulfilled_when):
            order = replace(order, fulfilled_at=at, review_at=_review_at(definition, at))
        if order.review_at is not None and is_over(order):
            order = replace(order, review_at=None)
    if order.is_waiting:
        tags = _words(order.attributes.get("tags") or ())
        met = not settings.earn_when or _says(words | tags, settings.earn_when)
        if met and not _says(tags, settings.skip_tags):
            order = replace(order, is_waiting=False)
    return order


def _fields_set(order: Order, news: News, at: Instant) -> Order:
    """Set what is said, where nothing newer was said; without a time it is said now."""
    said = dict(news.fields)
    if news.tags is not None:
        said["attributes"] = {**order.attributes, "tags": list(news.tags)}
    if news.said_at is None:
        fresh = {name: value for name, value in said.items() if getattr(order, name) != value}
        return replace(order, **fresh, said_at={**order.said_at, **dict.fromkeys(fresh, at)})
    current = {
        name: value
        for name, value in said.items()
        if name not in order.said_at or order.said_at[name] <= news.said_at
    }
    return replace(
        order, **current, said_at={**order.said_at, **dict.fromkeys(current, news.said_at)}
    )


def _review_at(definition: Definition, fulfilled_at: Instant) -> Instant | None:
    days = definition.reminders.review_days
    return fulfilled_at + timedelta(days=days) if days else None


def refunded(order: Order, money: int, *, in_full: bool) -> Order:
    """Give an order of which the shop says how much money went back so far.

    Shapes: it never goes down; `in_full` says that all of it did, whatever the money.
    Units: minor units of the order's currency.
    """
    currency = order.currency
    whole = bought(order)
    known = minor_of(order.refunded, currency)
    money = max(money, known)
    in_full = in_full or 0 < money >= minor_of(order.total, currency)
    before, share = came_back(order), whole if in_full else share_of_subtotal(order, money)
    back = max(before, share)
    ahead = minor_of(order.refunded_ahead, currency) + back - before
    return replace(
        order,
        refunded=from_minor(money, currency),
        returned_amount=from_minor(back, currency),
        refunded_ahead=from_minor(ahead, currency),
        returned_in_full=order.returned_in_full or in_full or 0 < back == whole,
    )


def changed(before: Order, after: Order) -> tuple[str, ...]:
    """Name the fields of an order that news changed."""
    return tuple(
        sorted(
            name
            for name in after.__struct_fields__
            if name not in UNTOLD and getattr(before, name) != getattr(after, name)
        )
    )
