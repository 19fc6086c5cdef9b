"""Reject a review."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.core.reviews import known_review, moderate
from stampbook.nouns.review import Review
from stampbook.values.ids import ReviewId


class RejectReview(Command, frozen=True, kw_only=True):
    """A review that may not be shown."""

    review_id: ReviewId


class ReviewRejected(Struct, frozen=True, kw_only=True):
    """The review after it."""

    review: Review


def _needs(command: RejectReview) -> Needs:
    return Needs(reviews=(command.review_id,))


def _decide(draft: Draft, command: RejectReview) -> ReviewRejected | Refused:
    found = known_review(draft, command.review_id)
    if isinstance(found, Refused):
        return found
    review = moderate(draft, *found, "rejected")
    return review if isinstance(review, Refused) else ReviewRejected(review=review)


COMMAND = CommandType(command=RejectReview, result=ReviewRejected, needs=_needs, decide=_decide)
