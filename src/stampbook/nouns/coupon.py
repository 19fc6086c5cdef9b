"""A coupon: a code that a member was given and may use once."""

from typing import Literal

from msgspec import Struct

from stampbook.values.ids import CouponId, ReferralId, TransactionId
from stampbook.values.instants import Instant

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
