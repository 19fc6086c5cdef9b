"""An order arrived from the shop."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_ORDER, example_envelope
from stampbook.nouns.member import nector_user
from stampbook.nouns.order import Order, nector_order


class OrderRecorded(FactData, frozen=True, kw_only=True):
    """Sent once for each order id, whether or not the order earned; `order.award_id` says which.

    Shapes: it stands before what follows from it; `order` is as it is when everything has followed.
    """

    order: Order


FACT = FactType(
    data=OrderRecorded,
    sent_when="An order arrives.",
    zinrelo=None,  # the dialect has no word for it: the order's points speak
    nector=Word(
        "order_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_order(fact.order, fact.member),
        },
    ),
    example=lambda: OrderRecorded(order=EXAMPLE_ORDER, **example_envelope()),
)
