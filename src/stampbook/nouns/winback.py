"""A winback offer: a bonus for a member who has been away, if they do one thing in time."""

from typing import Any

from msgspec import Struct

from stampbook.nouns.activity import CatalogueActivity, zinrelo_activity
from stampbook.values.instants import Deadline, Instant


class WinbackOffer(Struct, frozen=True, kw_only=True):
    """What a member was offered. Units: points. `valid_till` is exclusive."""

    id: str
    activity: CatalogueActivity
    bonus_activity: str
    """The merchant's key of the activity as which the bonus is awarded."""
    bonus_points: int
    offered_at: Instant
    valid_till: Instant


def zinrelo_offer_info(offer: WinbackOffer) -> dict[str, Any]:
    """Spell an offer as `offer_info`.

    Source: contract section 3.
    """
    return {
        "offer_valid_till": Deadline(offer.valid_till),
        "bonus_points": offer.bonus_points,
        "activity_to_complete": zinrelo_activity(offer.activity),
    }
