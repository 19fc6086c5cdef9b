"""An award was approved, at once, by a moderator or by its date; its points can be spent."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_AWARD, example_envelope
from stampbook.nouns.member import zinrelo_member_info
from stampbook.nouns.transaction import Transaction, zinrelo_award


class PointsEarned(FactData, frozen=True, kw_only=True):
    """Sent once for each approved award; `transaction.points` is what was earned."""

    transaction: Transaction


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
    nector=None,  # walletreward_create / wallettrasaction_update: come with the Nector dialect
    example=lambda: PointsEarned(transaction=EXAMPLE_AWARD, **example_envelope()),
)
