"""What remained of an award has expired."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_LOT, EXAMPLE_NOW, example_envelope
from stampbook.nouns.lot import Lot, zinrelo_expiry
from stampbook.nouns.member import nector_user, zinrelo_member_info
from stampbook.nouns.wallet import nector_expiry
from stampbook.values.instants import Instant
from stampbook.values.points import SomePoints


class PointsExpired(FactData, frozen=True, kw_only=True):
    """Sent once for each lot that expires with points left; a spent lot ends in silence.

    Units: `lot.points` is what the award gave, `points` what of it expired.
    """

    lot: Lot
    points: SomePoints
    expired_at: Instant


FACT = FactType(
    data=PointsExpired,
    sent_when="The remaining points of an award expire.",
    zinrelo=Word(
        "event_points_expired",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "transaction_info": zinrelo_expiry(fact.lot, fact.points, fact.expired_at),
        },
    ),
    nector=Word(
        "walletreward_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_expiry(fact.lot, fact.points, fact.expired_at, fact.member),
        },
    ),
    example=lambda: PointsExpired(
        lot=EXAMPLE_LOT, points=25, expired_at=EXAMPLE_NOW, **example_envelope()
    ),
)
