"""An order changed: its statuses, whether it counts, or how much of it has come back."""

from msgspec.structs import replace

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_ORDER, example_envelope
from stampbook.nouns.member import nector_user
from stampbook.nouns.order import Order, nector_order


class OrderUpdated(FactData, frozen=True, kw_only=True):
    """Sent for each change of an order; points that a return takes back are a fact of their own.

    Shapes: `order` is as it is when everything has followed, and `changed` names its fields that
    are different now. An update that says nothing new states nothing.
    Units: `returned_amount` is what came back with this change, in the order's currency; 0 when
    nothing did. `order.returned_amount` is the sum so far.
    """

    order: Order
    changed: tuple[str, ...]
    returned_amount: float = 0.0


FACT = FactType(
    data=OrderUpdated,
    sent_when="An order's statuses or tags change, it counts, is cancelled, or comes back.",
    zinrelo=None,  # the dialect has no word for it: the order's points speak
    nector=Word(
        "order_update",
        lambda fact: {
            **nector_user(fact.member),
            **nector_order(fact.order, fact.member),
        },
    ),
    example=lambda: OrderUpdated(
        order=replace(
            EXAMPLE_ORDER,
            financial_status="partially_refunded",
            returned_amount=31.2,
            returned_products={"beans-1kg": 1},
        ),
        changed=("financial_status", "returned_amount", "returned_products"),
        returned_amount=31.2,
        **example_envelope(),
    ),
)
