"""A member: a person in a program, with profile, purchases, balances and tier standing."""

from datetime import date, timedelta
from typing import Any, Literal

from msgspec import Struct

from stampbook.values.amounts import Line
from stampbook.values.contacts import digest_of
from stampbook.values.ids import MemberId
from stampbook.values.instants import Instant
from stampbook.values.marks import Own
from stampbook.values.uuids import uuid_of

MemberStatus = Literal[
    "active",
    "inactive",
    "blocked",
    "merged",
    "deleted",
    "guest",  # no member: what a fact says of somebody who is not enrolled
]
SettableStatus = Literal["active", "inactive", "blocked"]

TierReason = Literal["earned", "period_end", "deduction", "override", "definition", "merge"]
"""Why a tier changed; `definition` is a new version of the program's rules, `merge` a merge that
was undone."""

LAST_SECOND = timedelta(seconds=1)

NECTOR_CONSENTS = ("accept_email", "accept_mobile", "accept_smartdiscountapply")


class Address(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A postal address; a part that is not known is null."""

    line1: Line | None = None
    line2: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postal_code: Line | None = None
    country: Line | None = None


class Balances(Struct, frozen=True, kw_only=True):
    """Where the member's points are.

    Units: points. `issued` is the sum of all buckets below it (contract section 2; ledger
    invariant I12); `available` is below zero only while the member owes points.
    """

    issued: int = 0
    available: int = 0
    pending: int = 0
    held: int = 0
    redeemed: int = 0
    deducted: int = 0
    expired: int = 0
    rejected: int = 0
    earned: int = 0
    """Lifetime: every approved award. It falls only when points move to another member."""
    debt: int = 0
    """Deducted beyond what the lots held; the next earnings pay it back."""


class TierStanding(Struct, frozen=True, kw_only=True):
    """Which tier the member has, and what counts towards the next.

    Shapes: the period is half-open; `period_end` is None when it never ends.
    Units: qualified_points in points; qualified_spend in minor units.
    """

    tier_id: str
    name: str
    period_start: Instant
    period_end: Instant | None = None
    qualified_points: int = 0
    qualified_spend: int = 0
    overridden: bool = False
    """Set by hand, and kept until the next evaluation."""


class Member(Struct, frozen=True, kw_only=True):
    """A member right after something happened."""

    id: MemberId
    member_id: str
    first_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    address: Address = Address()
    status: MemberStatus = "active"
    tags: tuple[str, ...] = ()
    birthdate: date | None = None
    anniversary_date: date | None = None
    preferred_language: str | None = None
    instagram_handle: str | None = None
    twitter_handle: str | None = None
    custom_attributes: dict[str, Any] = {}
    referral_code: str
    referral_url: str
    referred_by: str | None = None
    """The referral code of who brought them."""
    enrolled_at: Instant
    modified_at: Instant
    deleted_at: Instant | None = None
    number_of_purchases: int = 0
    number_of_redemptions: int = 0
    first_purchase_at: Instant | None = None
    last_purchase_at: Instant | None = None
    last_activity_at: Instant
    revenue: float = 0.0
    """Units: the program's currency."""
    aov: float = 0.0
    """Average order value. Units: the program's currency; 0 before the first purchase."""
    balances: Balances = Balances()
    tier: TierStanding | None = None
    merged_into: str | None = None
    """The member_id of who this member turned out to be; they neither earn nor spend any more."""


def zinrelo_member_info(member: Member) -> dict[str, Any]:
    """Spell a member as Zinrelo's `member_info`, with every key that any sample shows.

    Shapes: dates stay instants, which the dialect spells. Source: contract section 3.
    """
    tier, balances, address = member.tier, member.balances, member.address
    return {
        "id": member.id,
        "first_name": member.first_name,
        "last_name": member.last_name,
        "email_address": member.email_address,
        "address": {
            "line1": address.line1,
            "line2": address.line2,
            "city": address.city,
            "state": address.state,
            "postal_code": address.postal_code,
            "country": address.country,
        },
        "phone_number": member.phone_number,
        "member_id": member.member_id,
        "member_status": "inactive" if member.status == "merged" else member.status,
        "member_tags": list(member.tags),
        "number_of_purchases": member.number_of_purchases,
        "number_of_redemptions": member.number_of_redemptions,
        "birthdate": member.birthdate,
        "enrollment_date": member.enrolled_at,
        "last_modified_date": member.modified_at,
        "first_purchase_date": member.first_purchase_at,
        "instagram_handle": member.instagram_handle,
        "last_purchase_date": member.last_purchase_at,
        "anniversary_date": member.anniversary_date,
        "twitter_handle": member.twitter_handle,
        "preferred_language": member.preferred_language,
        "tier_info": {
            "current_period_start": tier and tier.period_start,
            "loyalty_tier_name": tier and tier.name,
            "qualified_points": tier.qualified_points if tier else 0,
            "loyalty_tier_id": tier and tier.tier_id,
            # the vendor's period includes its last second
            "current_period_end": tier and tier.period_end and tier.period_end - LAST_SECOND,
        },
        "referral_code": member.referral_code,
        "lifetime_points_earned": balances.earned,
        "lifetime_points_expired": balances.expired,
        "available_points": balances.available,
        "lifetime_points_deducted": balances.deducted,
        "lifetime_points_redeemed": balances.redeemed,
        "referral_URL": member.referral_url,
        "custom_attributes": member.custom_attributes,
        "revenue": member.revenue,
        "aov": member.aov,
        "deleted_date": member.deleted_at,
    }


def name_of(member: Member) -> str:
    """Give the name that people call a member by; empty when it is not known."""
    return " ".join(part for part in (member.first_name, member.last_name) if part)


def nector_user(member: Member) -> dict[str, Any]:
    """Spell a member as the `user_` fields that every event has.

    Source: contract section 4.
    """
    day, full = _nector_birthday(member.birthdate)
    return {
        "user_customer_id": member.member_id,
        "user_name": name_of(member),
        "user_email": member.email_address,
        "user_mobile": member.phone_number,
        "user_tier": member.tier and member.tier.tier_id,
        "user_referral_code": member.referral_code,
        "user_referral_coupon_code": None,  # friends claim by link or code; no coupon does it
        "user_referral_link": member.referral_url,
        "user_new_referral_link": member.referral_url,
        "user_available_balance": member.balances.available,
        "user_balance": member.balances.available,
        "user_dob": day,
        "user_full_dob": full,
        "user_country": member.address.country,
        "user_transaction_amount": member.revenue,
    }


def nector_lead(member: Member) -> dict[str, Any]:
    """Spell a member as a lead.

    Shapes: the consents are custom attributes of the same names. Source: contract section 4.
    """
    day, full = _nector_birthday(member.birthdate)
    own = member.custom_attributes
    return {
        "entity_id": uuid_of(member.id),
        "referral_code": member.referral_code,
        "customer_id": member.member_id,
        "referred_by_referral_code": member.referred_by,
        "name": name_of(member),
        "available": member.balances.available,
        "tier": member.tier and member.tier.tier_id,
        "transaction_amount": member.revenue if member.number_of_purchases else None,
        "last_transaction": member.last_purchase_at,
        **{consent: own.get(consent) is True for consent in NECTOR_CONSENTS},
        "dob": day,
        "full_dob": full,
        "mid": digest_of(member.phone_number),
        "mobile": member.phone_number,
        "country": member.address.country,
        "eid": digest_of(member.email_address),
        "email": member.email_address,
        "email_status": "pending" if member.email_address else None,  # nobody verifies addresses
        "is_freezed": member.status == "blocked",
        "created_at": member.enrolled_at,
        "updated_at": member.modified_at,
    }


def _nector_birthday(day: date | None) -> tuple[str | None, str | None]:
    if day is None:
        return None, None
    return f"{day.day:02}-{day.month:02}", f"{day.day:02}-{day.month:02}-{day.year:04}"


def nector_tier(member: Member, to_tier: str, direction: Literal["up", "down"]) -> dict[str, Any]:
    """Spell a member's move to a tier.

    Source: contract section 4.
    """
    return {
        "entity_id": Own.ID,
        "lead_id": uuid_of(member.id),
        "tier": to_tier,
        "formatted_tier": member.tier.name if member.tier else to_tier,
        "direction": direction,
        "created_at": Own.AT,
        "updated_at": Own.AT,
    }
