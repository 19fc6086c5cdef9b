"""An award was approved, at once, by a moderator or by its date; its points can be spent."""

from stampbook.facts import FactData, FactType, Update, Word
from stampbook.nouns.examples import EXAMPLE_AWARD, example_envelope
from stampbook.nouns.member import nector_user, zinrelo_member_info
from stampbook.nouns.transaction import Transaction, zinrelo_award
from stampbook.nouns.wallet import nector_transaction


class PointsEarned(FactData, frozen=True, kw_only=True):
    """Sent once for each approved award; `transaction.points` is what was earned."""

    transaction: Transaction
    was_pending: bool = False
    """It waited for a moderator or its date, and points.pended told of it."""


FACT = FactType(
    data=PointsEarned,
    sent_when="An award is approved: at once, by a moderator, or by its date.",
    zinrelo=Word(
        "event_points_earned",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "transaction_info": zinrelo_award(fact.transaction),
        },
    ),
    nector=Word(
        "walletreward_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_transaction(fact.transaction, fact.member),
        },
        Update("wallettrasaction_update", lambda fact: fact.was_pending),
    ),
    example=lambda: PointsEarned(transaction=EXAMPLE_AWARD, **example_envelope()),
)
