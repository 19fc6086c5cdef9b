"""A customer was asked to review what an order brought."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_ORDER, example_envelope
from stampbook.nouns.member import nector_user
from stampbook.nouns.order import Order, nector_order


class ReviewRequested(FactData, frozen=True, kw_only=True):
    """Sent once for an order, the days of the setting after it was fulfilled."""

    order: Order
    link: str


FACT = FactType(
    data=ReviewRequested,
    sent_when="A number of days after an order is fulfilled.",
    zinrelo=None,  # the dialect has no word for it
    nector=Word(
        "reviewrequest_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_order(fact.order, fact.member),
            "order_review_link": fact.link,
        },
    ),
    example=lambda: ReviewRequested(
        order=EXAMPLE_ORDER,
        link="https://coffee.example/review/C-2026-0093",
        **example_envelope(),
    ),
)
