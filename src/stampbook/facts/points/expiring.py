"""Points of a member will expire soon."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_LOT, example_envelope
from stampbook.nouns.member import zinrelo_member_info
from stampbook.values.instants import Instant


class PointsExpiring(FactData, frozen=True, kw_only=True):
    """Sent once for each day of expiry and each number of days before it.

    Units: `points` is what expires on that day, as the balance stands now.
    """

    expires_at: Instant
    points: int
    days: int


FACT = FactType(
    data=PointsExpiring,
    sent_when="Points expire in a number of days.",
    zinrelo=Word(
        "event_points_expiration_reminder",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "expiry_info": {
                "expiration_date": fact.expires_at,
                "points": fact.points,
                "days_to_expire": fact.days,
            },
        },
    ),
    nector=None,  # coinexpirynotify_create: comes with the Nector dialect
    example=lambda: PointsExpiring(
        expires_at=EXAMPLE_LOT.expires_at or EXAMPLE_LOT.opened_at,
        points=25,
        days=7,
        **example_envelope(),
    ),
)
