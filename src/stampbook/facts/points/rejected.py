"""A pending award was rejected; its points are lost."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_REJECTED, example_envelope
from stampbook.nouns.member import nector_user, zinrelo_member_info
from stampbook.nouns.transaction import Transaction, zinrelo_award
from stampbook.nouns.wallet import nector_transaction


class PointsRejected(FactData, frozen=True, kw_only=True):
    """Sent once for each rejected award; awards rejected by one request have the same `cause`."""

    transaction: Transaction


FACT = FactType(
    data=PointsRejected,
    sent_when="A pending award is rejected in moderation.",
    zinrelo=Word(
        "event_points_rejected",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "transaction_info": zinrelo_award(fact.transaction),
        },
    ),
    nector=Word(
        "wallettrasaction_update",
        lambda fact: {
            **nector_user(fact.member),
            **nector_transaction(fact.transaction, fact.member),
        },
    ),
    example=lambda: PointsRejected(transaction=EXAMPLE_REJECTED, **example_envelope()),
)
