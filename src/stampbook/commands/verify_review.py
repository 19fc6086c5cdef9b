"""Verify a review against a purchase."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.core.reviews import known_review, verify
from stampbook.nouns.review import Review
from stampbook.values.amounts import Key
from stampbook.values.ids import ReviewId


class VerifyReview(Command, frozen=True, kw_only=True):
    """An order by which the reviewer bought the product."""

    review_id: ReviewId
    order_id: Key


class ReviewVerified(Struct, frozen=True, kw_only=True):
    """The review after it."""

    review: Review


def _needs(command: VerifyReview) -> Needs:
    return Needs(reviews=(command.review_id,), orders=(command.order_id,))


def _decide(draft: Draft, command: VerifyReview) -> ReviewVerified | Refused:
    found = known_review(draft, command.review_id)
    if isinstance(found, Refused):
        return found
    review = verify(draft, *found, draft.order(command.order_id))
    return review if isinstance(review, Refused) else ReviewVerified(review=review)


COMMAND = CommandType(command=VerifyReview, result=ReviewVerified, needs=_needs, decide=_decide)
