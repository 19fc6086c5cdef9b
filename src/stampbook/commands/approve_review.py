"""Approve a review; it may be rewarded."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.core.reviews import known_review, moderate
from stampbook.nouns.review import Review
from stampbook.values.ids import ReviewId


class ApproveReview(Command, frozen=True, kw_only=True):
    """A review that may be shown."""

    review_id: ReviewId


class ReviewApproved(Struct, frozen=True, kw_only=True):
    """The review after it."""

    review: Review


def _needs(command: ApproveReview) -> Needs:
    return Needs(reviews=(command.review_id,))


def _decide(draft: Draft, command: ApproveReview) -> ReviewApproved | Refused:
    found = known_review(draft, command.review_id)
    if isinstance(found, Refused):
        return found
    review = moderate(draft, *found, "approved")
    return review if isinstance(review, Refused) else ReviewApproved(review=review)


COMMAND = CommandType(command=ApproveReview, result=ReviewApproved, needs=_needs, decide=_decide)
