"""A review was approved, rejected, featured, answered or rewarded."""

from msgspec.structs import replace

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_REVIEW, example_envelope
from stampbook.nouns.member import nector_user
from stampbook.nouns.review import Review, nector_review


class ReviewUpdated(FactData, frozen=True, kw_only=True):
    """Sent for each change of a review; `changed` names its fields that did."""

    review: Review
    changed: tuple[str, ...]


FACT = FactType(
    data=ReviewUpdated,
    sent_when="A review is approved, rejected, featured, answered or rewarded.",
    zinrelo=None,  # its points speak
    nector=Word(
        "review_update",
        lambda fact: {
            **nector_user(fact.member),
            **nector_review(fact.review, fact.member),
        },
    ),
    example=lambda: ReviewUpdated(
        review=replace(EXAMPLE_REVIEW, status="approved"),
        changed=("status",),
        **example_envelope(rule_version=None),
    ),
)
