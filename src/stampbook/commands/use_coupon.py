"""Use a coupon, once."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.coupons import known_coupon, use
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.values.amounts import Key


class UseCoupon(Command, frozen=True, kw_only=True):
    """A coupon's code, and the order that it was used for."""

    code: Key
    order_id: Key | None = None


class CouponUsed(Struct, frozen=True, kw_only=True):
    """The coupon, used."""

    coupon: Coupon


def _needs(command: UseCoupon) -> Needs:
    return Needs(coupons=(command.code,))


def _decide(draft: Draft, command: UseCoupon) -> CouponUsed | Refused:
    found = known_coupon(draft, command.code)
    if isinstance(found, Refused):
        return found
    used = use(draft, *found, command.order_id)
    return used if isinstance(used, Refused) else CouponUsed(coupon=used)


COMMAND = CommandType(
    command=UseCoupon, result=CouponUsed, needs=_needs, decide=_decide, refusal=RewardRefused
)
