"""A referral: a friend who came by a member's link, and what became of it."""

from typing import Any, Literal

from msgspec import Struct

from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import Member, name_of, nector_user, zinrelo_member_info
from stampbook.nouns.transaction import Transaction
from stampbook.values.contacts import digest_of
from stampbook.values.ids import OrderId, ReferralId, TransactionId
from stampbook.values.instants import Instant
from stampbook.values.marks import Written
from stampbook.values.uuids import uuid_of

ReferralStatus = Literal["claimed", "completed", "refused"]
"""A claim waits for the friend's first qualifying activity, which completes it or is refused."""
ReferralMode = Literal["link", "code", "coupon"]
"""How the friend was attributed: by the landing page, a code at sign-up, a coupon at purchase."""

NECTOR_GUEST_TEXTS = (
    "user_mobile",
    "user_tier",
    "user_referral_code",
    "user_referral_coupon_code",
    "user_referral_link",
    "user_new_referral_link",
    "user_dob",
    "user_full_dob",
    "user_country",
)
"""What is known of members alone."""


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
    order: OrderId | None = None
    """Our own id of the order that completed it."""
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


def nector_friend(friend: Friend) -> dict[str, Any]:
    """Spell a friend as the `user_` fields that every event has: a guest has few of them."""
    if friend.member is not None:
        return nector_user(friend.member)
    return {
        **dict.fromkeys(NECTOR_GUEST_TEXTS),
        "user_customer_id": friend.member_id,
        "user_name": friend.name,
        "user_email": friend.email_address,
        "user_available_balance": 0,
        "user_balance": 0,
        "user_transaction_amount": 0,
    }


def nector_referral(
    referral: Referral,
    referrer: Member,
    friend: Friend,
    *,
    referrer_coupon: Coupon | None,
    friend_coupon: Coupon | None,
) -> dict[str, Any]:
    """Spell a referral, without the reward of whom the event is for.

    Source: contract section 4.
    """
    member = friend.member
    return {
        "entity_id": uuid_of(referral.id),
        "coupon_id": None,
        "wallettransaction_id": None,
        "order_id": referral.order and uuid_of(referral.order),
        "referral_mode": referral.mode,
        "referred_by_name": name_of(referrer),
        "referred_by_lead_id": uuid_of(referrer.id),
        "referred_by_eid": digest_of(referrer.email_address),
        "referred_by_mid": digest_of(referrer.phone_number),
        "referred_to_name": name_of(member) if member else friend.name,
        "referred_to_lead_id": member and uuid_of(member.id),
        "referred_to_eid": digest_of(member.email_address if member else friend.email_address),
        "referred_to_mid": member and digest_of(member.phone_number),
        "meta__referred_by_coupon_id": referrer_coupon and uuid_of(referrer_coupon.id),
        "meta__referred_to_coupon_id": friend_coupon and uuid_of(friend_coupon.id),
        "meta__incompletereferralrequest_count": referral.reminders,
        "meta__incompletereferralrequest_sentat": referral.reminded_at,
        "meta__referred_by_wallettransaction_id": (
            referral.referrer_award and uuid_of(referral.referrer_award)
        ),
        "meta__referred_to_wallettransaction_id": (
            referral.friend_award and uuid_of(referral.friend_award)
        ),
        "status": referral.status,
        "created_at": referral.claimed_at,
        "updated_at": referral.modified_at,
        "version": referral.version,
    }


def nector_referral_coins(award: Transaction, closing_balance: int) -> dict[str, Any]:
    """Spell the points that somebody got for a referral."""
    reason = award.attributes.get("reason")
    return {
        "wallettransaction_id": uuid_of(award.id),
        "wallettransaction_title": award.activity_name,
        "wallettransaction_description": reason if isinstance(reason, str) else None,
        "wallettransaction_amount": award.points,
        "wallettransaction_closing_balance": closing_balance,
    }


def nector_referral_coupon(coupon: Coupon) -> dict[str, Any]:
    """Spell the coupon that somebody got for a referral."""
    return {
        "coupon_id": uuid_of(coupon.id),
        "coupon_name": coupon.name or coupon.reward_name,
        "coupon_description": coupon.description,
        "coupon_value": coupon.code,
        "coupon_fiat_value": coupon.value,
        "coupon_fiat_target": coupon.target,
        "coupon_fiat_class": coupon.value_class,
        "coupon_minimumcart_amount": coupon.minimum_order_amount,
        "coupon_formatted_expire": coupon.expires_at and Written(coupon.expires_at),
        "coupon_expire": coupon.expires_at,
        "coupon_redirect_link": coupon.link,
    }
