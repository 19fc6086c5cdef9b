"""A referral: a friend who came by a member's link, and what became of it."""

from typing import Any, Literal

from msgspec import Struct

from stampbook.nouns.member import Member, zinrelo_member_info
from stampbook.values.ids import ReferralId, TransactionId
from stampbook.values.instants import Instant

ReferralStatus = Literal["claimed", "completed", "refused"]
"""A claim waits for the friend's first qualifying activity, which completes it or is refused."""
ReferralMode = Literal["link", "code", "coupon"]
"""How the friend was attributed: by the landing page, a code at sign-up, a coupon at purchase."""


class Referral(Struct, frozen=True, kw_only=True):
    """A referral as it stands now; it belongs to the referrer.

    Shapes: `friend_member_id` is the merchant's key of a friend who has enrolled, or of a guest who
    bought. A coupon is named by its code.
    """

    id: ReferralId
    status: ReferralStatus
    mode: ReferralMode
    referrer_member_id: str
    referral_code: str
    friend_email: str | None = None
    friend_name: str | None = None
    friend_member_id: str | None = None
    friend_is_enrolled: bool = False
    claimed_at: Instant
    modified_at: Instant
    completed_at: Instant | None = None
    friend_coupon: str | None = None
    referrer_coupon: str | None = None
    friend_award: TransactionId | None = None
    referrer_award: TransactionId | None = None
    activity_id: str | None = None
    """Of the friend's activity that completed it."""
    order_id: str | None = None
    refusal: str | None = None
    """The code of the refusal that ended it."""
    remind_at: Instant | None = None
    reminded_at: Instant | None = None
    reminders: int = 0
    version: int = 1
    """Rises with each change."""


class Friend(Struct, frozen=True, kw_only=True):
    """Who was referred: a member, or what is known of a guest."""

    email_address: str | None = None
    member_id: str | None = None
    name: str | None = None
    member: Member | None = None


def zinrelo_friend_info(friend: Friend) -> dict[str, Any]:
    """Spell a friend as `friend_info`: a member in full, a guest by what the shop knows.

    Source: contract section 3.
    """
    if friend.member is not None:
        return zinrelo_member_info(friend.member)
    words: dict[str, Any] = {"email_address": friend.email_address}
    if friend.member_id is not None:
        words["member_id"] = friend.member_id
    return words
