"""Let a used coupon be used again, because what it was used for did not come about."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.coupon_uses import bring_back, known_coupon
from stampbook.core.draft import Draft
from stampbook.core.refusals import COUPON_NOT_USED, Refused, refuse
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.values.amounts import Key


class ReturnCoupon(Command, frozen=True, kw_only=True):
    """A used coupon's code."""

    code: Key


class CouponReturned(Struct, frozen=True, kw_only=True):
    """The coupon: issued, or expired if its time is over."""

    coupon: Coupon


def _needs(command: ReturnCoupon) -> Needs:
    return Needs(coupons=(command.code,))


def _decide(draft: Draft, command: ReturnCoupon) -> CouponReturned | Refused:
    found = known_coupon(draft, command.code)
    if isinstance(found, Refused):
        return found
    book, coupon = found
    if coupon.status != "used":
        return refuse(
            COUPON_NOT_USED, field="code", member_id=coupon.member_id, status=coupon.status
        )
    return CouponReturned(coupon=bring_back(draft, book, coupon))


COMMAND = CommandType(
    command=ReturnCoupon, result=CouponReturned, needs=_needs, decide=_decide, refusal=RewardRefused
)
