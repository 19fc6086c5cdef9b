"""Points of a member will expire soon."""

from typing import Any

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_LOT, example_envelope
from stampbook.nouns.member import nector_user, zinrelo_member_info
from stampbook.values.instants import Instant
from stampbook.values.marks import Own, Written

MONTH = 28
WEEK = 7
"""Units: days. The vendor counts what is left in the largest unit that fits."""


class PointsExpiring(FactData, frozen=True, kw_only=True):
    """Sent once for each day of expiry and each number of days before it.

    Units: `points` is what expires on that day, as the balance stands now.
    """

    expires_at: Instant
    points: int
    days: int


def _nector(fact: PointsExpiring) -> dict[str, Any]:
    unit = "month" if fact.days >= MONTH else "week" if fact.days >= WEEK else "day"
    return {
        **nector_user(fact.member),
        "wallet_expiry_unit": unit,
        "wallet_expiry_amount": fact.points,
        "wallet_expiry_notify_generated_on": Own.AT,
        "wallet_expiry_estimated_on": fact.expires_at,
        "wallet_expiry_formatted_estimated_on": Written(fact.expires_at),
    }


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
    nector=Word("coinexpirynotify_create", _nector),
    example=lambda: PointsExpiring(
        expires_at=EXAMPLE_LOT.expires_at or EXAMPLE_LOT.opened_at,
        points=25,
        days=7,
        **example_envelope(),
    ),
)
