"""Answer a review."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.core.reviews import change, known_review
from stampbook.nouns.review import Review
from stampbook.values.amounts import Text
from stampbook.values.ids import ReviewId


class ReplyToReview(Command, frozen=True, kw_only=True):
    """The shop's answer; null takes it back."""

    review_id: ReviewId
    reply: Text | None


class ReviewAnswered(Struct, frozen=True, kw_only=True):
    """The review after it."""

    review: Review


def _needs(command: ReplyToReview) -> Needs:
    return Needs(reviews=(command.review_id,))


def _decide(draft: Draft, command: ReplyToReview) -> ReviewAnswered | Refused:
    found = known_review(draft, command.review_id)
    if isinstance(found, Refused):
        return found
    review = change(draft, *found, reply=command.reply)
    return review if isinstance(review, Refused) else ReviewAnswered(review=review)


COMMAND = CommandType(command=ReplyToReview, result=ReviewAnswered, needs=_needs, decide=_decide)
