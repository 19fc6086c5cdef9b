"""Points were spent on a reward."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_REDEMPTION, example_envelope
from stampbook.nouns.member import nector_user, zinrelo_member_info
from stampbook.nouns.transaction import Transaction, zinrelo_redemption
from stampbook.nouns.wallet import nector_transaction


class PointsRedeemed(FactData, frozen=True, kw_only=True):
    """Sent once for each redemption when its points are spent; a hold sends it when approved."""

    transaction: Transaction


FACT = FactType(
    data=PointsRedeemed,
    sent_when="Points are spent on a reward: at once, or when a hold is approved.",
    zinrelo=Word(
        "event_points_redeemed",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "transaction_info": zinrelo_redemption(fact.transaction),
        },
    ),
    nector=Word(
        "walletreward_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_transaction(fact.transaction, fact.member),
        },
    ),
    example=lambda: PointsRedeemed(transaction=EXAMPLE_REDEMPTION, **example_envelope()),
)
