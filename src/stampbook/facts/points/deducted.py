"""Points were taken from a member: by hand, for a return, or for a refund."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_DEDUCTION, example_envelope
from stampbook.nouns.member import nector_user, zinrelo_member_info
from stampbook.nouns.transaction import Transaction, zinrelo_deduction
from stampbook.nouns.wallet import nector_transaction


class PointsDeducted(FactData, frozen=True, kw_only=True):
    """Sent once for each deduction; `transaction.points` is what was taken, debt included."""

    transaction: Transaction


FACT = FactType(
    data=PointsDeducted,
    sent_when="Points are taken: by hand, for a return, or for a refund.",
    zinrelo=Word(
        "event_points_deducted",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "transaction_info": zinrelo_deduction(fact.transaction),
        },
    ),
    nector=Word(
        "walletreward_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_transaction(fact.transaction, fact.member),
        },
    ),
    example=lambda: PointsDeducted(transaction=EXAMPLE_DEDUCTION, **example_envelope()),
)
