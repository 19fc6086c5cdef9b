"""An agenda: what is remembered of a member so that nothing happens to them twice."""

from typing import Literal

from msgspec import Struct

from stampbook.nouns.winback import WinbackOffer
from stampbook.values.ids import FactId, LotId, MemberId, ReferralId, TransactionId
from stampbook.values.instants import Instant


class Participation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a member stands in a campaign.

    Shapes: `entering` and `leaving` wait until `due_at`, when the criteria are looked at again.
    """

    state: Literal["entering", "inside", "leaving", "outside"]
    due_at: Instant | None = None
    entries: int = 0
    """How often the member has entered."""


class OneTimePassword(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The password in force. Shapes: `hash` is salted; `fact` is the one that carries it."""

    salt: str
    hash: str
    expires_at: Instant
    fact: FactId
    tries: int = 0
    is_spent: bool = False
    """Used, or tried too often; it is kept until it is blanked in what is stored."""


class OpenReferral(Struct, frozen=True, kw_only=True):
    """The claim that brought a member, until it is completed."""

    id: ReferralId
    referrer: MemberId


class Before(Struct, frozen=True, kw_only=True):
    """What a merge changed of its target and cannot work out again."""

    tier_id: str | None = None
    period_start: Instant | None = None
    first_purchase_at: Instant | None = None
    last_purchase_at: Instant | None = None
    last_activity_at: Instant


class MovedLot(Struct, frozen=True, array_like=True):
    """The points of a lot that are in another lot now."""

    source: LotId
    target: LotId


class Merge(Struct, frozen=True, kw_only=True):
    """What a merge moved out of its source, so that it can be undone.

    Shapes: `before` is the target as it was; whatever the source had done is still counted there.
    """

    into: MemberId
    points: int = 0
    """Units: points that moved in lots."""
    lots: tuple[MovedLot, ...] = ()
    awards: tuple[TransactionId, ...] = ()
    coupons: tuple[str, ...] = ()
    before: Before


class Agenda(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is remembered of a member.

    Shapes: `merge` is the one that this member was the source of; `absorbed` are the member_ids of
    those who were merged into this one.
    Shapes: `reminded_to` is the instant up to which reminders of expiring points were looked at;
    `unused_since` and `winback_since` are the last activities that a reminder or an offer was
    about; `celebrated` are the years of an activity's day by activity; `payments` are hashes of how
    the member paid lately.
    """

    campaigns: dict[str, Participation] = {}
    offer: WinbackOffer | None = None
    winback_since: Instant | None = None
    reminded_to: Instant | None = None
    unused_since: Instant | None = None
    celebrated: dict[str, int] = {}
    otp: OneTimePassword | None = None
    otp_asked_at: tuple[Instant, ...] = ()
    referred_by: OpenReferral | None = None
    payments: tuple[str, ...] = ()
    merge: Merge | None = None
    absorbed: tuple[str, ...] = ()


NOTHING_PLANNED = Agenda()
OUTSIDE = Participation(state="outside")


__all__ = [
    "NOTHING_PLANNED",
    "OUTSIDE",
    "Agenda",
    "Before",
    "Merge",
    "MovedLot",
    "OneTimePassword",
    "OpenReferral",
    "Participation",
]
