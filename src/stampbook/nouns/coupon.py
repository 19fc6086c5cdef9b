"""A coupon: a code that a member was given and may use once."""

from typing import Any, Literal

from msgspec import Struct

from stampbook.nouns.member import Member, name_of
from stampbook.values.ids import CouponId, ReferralId, TransactionId
from stampbook.values.instants import Instant
from stampbook.values.marks import Defined, Written
from stampbook.values.uuids import uuid_of

CouponStatus = Literal["held", "issued", "used", "expired", "cancelled", "released"]
ValueClass = Literal["amount", "percent", "free_shipping", "product", "custom"]
CouponTarget = Literal["cart", "product", "shipping"]
CouponSource = Literal["redemption", "referral", "campaign", "activity", "review", "manual"]


class Coupon(Struct, frozen=True, kw_only=True):
    """A coupon as it stands now; `held` while its redemption is on hold."""

    id: CouponId
    code: str
    member_id: str
    status: CouponStatus
    source: CouponSource
    name: str | None = None
    description: str = ""
    offer_id: str | None = None
    """The coupon of the program's definition that it was made from."""
    activity_id: str | None = None
    """The activity that gave it."""
    friend_email: str | None = None
    """Of a friend's incentive: who may use it, while they are no member."""
    referral_id: ReferralId | None = None
    """The referral whose incentive it is."""
    reward_id: str | None = None
    reward_name: str | None = None
    transaction_id: TransactionId | None = None
    order_id: str | None = None
    """The order that earned it."""
    value_class: ValueClass = "custom"
    value: float | None = None
    target: CouponTarget = "cart"
    """What the value is taken off."""
    minimum_order_amount: float | None = None
    link: str | None = None
    """Where a click applies it."""
    reference_id: str | None = None
    """The shop's own coupon that it stands for."""
    reference_source: str | None = None
    issued_at: Instant
    modified_at: Instant
    expires_at: Instant | None = None
    used_at: Instant | None = None
    used_by_order_id: str | None = None
    reminded_at: Instant | None = None


NECTOR_TYPES: dict[CouponSource, str] = {"redemption": "manual_redeem"}
"""What the vendor calls the sources of coupons; any other source keeps its own name."""


def nector_coupon(coupon: Coupon, member: Member) -> dict[str, Any]:
    """Spell a coupon of a member.

    Source: contract section 4.
    """
    return {
        "entity_id": uuid_of(coupon.id),
        "lead_id": uuid_of(member.id),
        "activity_id": coupon.activity_id and Defined("activity", coupon.activity_id),
        "offer_id": _nector_offer(coupon),
        "reference_coupon_id": coupon.reference_id,
        "reference_coupon_source": coupon.reference_source,
        "name": coupon.name or coupon.reward_name,
        "description": coupon.description,
        "type": NECTOR_TYPES.get(coupon.source, coupon.source),
        "value": coupon.code,
        "fiat_class": coupon.value_class,
        "fiat_value": coupon.value,
        "fiat_target": coupon.target,
        "minimumcart_amount": coupon.minimum_order_amount,
        "meta__lead_name": name_of(member),
        "status": coupon.status,
        "redirect_link": coupon.link,
        "expire": coupon.expires_at,
        "formatted_expire": coupon.expires_at and Written(coupon.expires_at),
        "updated_at": coupon.modified_at,
        "created_at": coupon.issued_at,
    }


def _nector_offer(coupon: Coupon) -> Defined | None:
    """Give what of the definition it was made from: a coupon, or the reward that was bought."""
    if coupon.offer_id:
        return Defined("coupon", coupon.offer_id)
    return Defined("reward", coupon.reward_id) if coupon.reward_id else None
