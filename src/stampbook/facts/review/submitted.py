"""A product review arrived."""

from stampbook.facts import FactData, FactType
from stampbook.nouns.examples import EXAMPLE_REVIEW, example_envelope
from stampbook.nouns.review import Review


class ReviewSubmitted(FactData, frozen=True, kw_only=True):
    """Sent once for each review of a member."""

    review: Review


FACT = FactType(
    data=ReviewSubmitted,
    sent_when="A product review arrives.",
    zinrelo=None,  # its points speak
    nector=None,  # review_create: comes with the Nector dialect
    example=lambda: ReviewSubmitted(review=EXAMPLE_REVIEW, **example_envelope(rule_version=None)),
)
