"""A product review arrived."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_REVIEW, example_envelope
from stampbook.nouns.member import nector_user
from stampbook.nouns.review import Review, nector_review


class ReviewSubmitted(FactData, frozen=True, kw_only=True):
    """Sent once for each review of a member."""

    review: Review


FACT = FactType(
    data=ReviewSubmitted,
    sent_when="A product review arrives.",
    zinrelo=None,  # its points speak
    nector=Word(
        "review_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_review(fact.review, fact.member),
        },
    ),
    example=lambda: ReviewSubmitted(review=EXAMPLE_REVIEW, **example_envelope(rule_version=None)),
)
