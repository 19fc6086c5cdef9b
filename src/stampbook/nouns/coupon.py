"""A coupon: a code that a member was given and may use once."""

from typing import Literal

from msgspec import Struct

from stampbook.values.ids import CouponId, TransactionId
from stampbook.values.instants import Instant

CouponStatus = Literal["held", "issued", "used", "expired", "cancelled", "released"]
ValueClass = Literal["amount", "percent", "free_shipping", "product", "custom"]
CouponSource = Literal["redemption", "referral", "campaign", "manual"]


class Coupon(Struct, frozen=True, kw_only=True):
    """A coupon as it stands now; `held` while its redemption is on hold."""

    id: CouponId
    code: str
    member_id: str
    status: CouponStatus
    source: CouponSource
    reward_id: str | None = None
    reward_name: str | None = None
    transaction_id: TransactionId | None = None
    value_class: ValueClass = "custom"
    value: float | None = None
    minimum_order_amount: float | None = None
    issued_at: Instant
    modified_at: Instant
    expires_at: Instant | None = None
    used_at: Instant | None = None
    used_by_order_id: str | None = None
