"""Feature a review, or no longer."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.core.reviews import change, known_review
from stampbook.nouns.review import Review
from stampbook.values.ids import ReviewId


class FeatureReview(Command, frozen=True, kw_only=True):
    """A review to be shown first; `is_featured` false takes it back."""

    review_id: ReviewId
    is_featured: bool = True


class ReviewFeatured(Struct, frozen=True, kw_only=True):
    """The review after it."""

    review: Review


def _needs(command: FeatureReview) -> Needs:
    return Needs(reviews=(command.review_id,))


def _decide(draft: Draft, command: FeatureReview) -> ReviewFeatured | Refused:
    found = known_review(draft, command.review_id)
    if isinstance(found, Refused):
        return found
    review = change(draft, *found, is_featured=command.is_featured)
    return review if isinstance(review, Refused) else ReviewFeatured(review=review)


COMMAND = CommandType(command=FeatureReview, result=ReviewFeatured, needs=_needs, decide=_decide)
