"""Ask customers to review what their orders brought."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.facts.review.requested import ReviewRequested
from stampbook.values.amounts import Key

ORDERS_MAX = 500


class RequestReviews(Command, frozen=True, kw_only=True):
    """Orders whose customers may be asked; those that are not due, or not any more, are left."""

    order_ids: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=ORDERS_MAX)]


class ReviewsRequested(Struct, frozen=True, kw_only=True):
    """How many customers were asked."""

    requested: int


def _needs(command: RequestReviews) -> Needs:
    return Needs(orders=command.order_ids)


def _decide(draft: Draft, command: RequestReviews) -> ReviewsRequested:
    requested = 0
    for order_id in command.order_ids:
        order = draft.order(order_id)
        book = draft.book_of(order.member_id) if order else None
        if order is None or book is None or order.review_at is None or order.review_at > draft.at:
            continue
        asked = replace(order, review_at=None)
        draft.put_order(book, asked)
        if order.returned_in_full or book.member.status != "active":
            continue
        link = draft.definition.reviews.link.replace("{order_id}", order_id)
        draft.fact(ReviewRequested, book, rule_version=draft.version, order=asked, link=link)
        requested += 1
    return ReviewsRequested(requested=requested)


COMMAND = CommandType(
    command=RequestReviews, result=ReviewsRequested, needs=_needs, decide=_decide, takes_merged=True
)  # one of many may be merged meanwhile
