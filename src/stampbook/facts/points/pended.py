"""An award waits for a moderator or for its auto-approval date; its points cannot be spent yet."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_PENDING, example_envelope
from stampbook.nouns.member import nector_user
from stampbook.nouns.transaction import Transaction
from stampbook.nouns.wallet import nector_transaction


class PointsPended(FactData, frozen=True, kw_only=True):
    """Sent once for an award that is not approved at once; its approval or rejection follows.

    Shapes: `transaction.expires_at` is null, because the expiry starts at approval.
    """

    transaction: Transaction


FACT = FactType(
    data=PointsPended,
    sent_when="An award waits for moderation or for its auto-approval date.",
    zinrelo=None,  # the dialect has no word for it
    nector=Word(
        "walletreward_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_transaction(fact.transaction, fact.member),
        },
    ),
    example=lambda: PointsPended(transaction=EXAMPLE_PENDING, **example_envelope()),
)
