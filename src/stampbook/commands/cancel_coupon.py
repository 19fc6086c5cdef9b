"""Cancel a coupon that was not used; the points that bought it go back to their lots."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.coupon_uses import cancel, known_coupon
from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import Member
from stampbook.values.amounts import Key


class CancelCoupon(Command, frozen=True, kw_only=True):
    """A coupon's code. `refund` says whether the points go back."""

    code: Key
    refund: bool = True


class CouponCancelled(Struct, frozen=True, kw_only=True):
    """The coupon, cancelled, how many points went back, and the member after it."""

    coupon: Coupon
    points_returned: int
    member: Member


def _needs(command: CancelCoupon) -> Needs:
    return Needs(coupons=(command.code,))


def _decide(draft: Draft, command: CancelCoupon) -> CouponCancelled | Refused:
    found = known_coupon(draft, command.code)
    if isinstance(found, Refused):
        return found
    book, coupon = found
    cancelled = cancel(draft, book, coupon, refund_points=command.refund)
    if isinstance(cancelled, Refused):
        return cancelled
    coupon, points = cancelled
    return CouponCancelled(coupon=coupon, points_returned=points, member=book.member)


COMMAND = CommandType(
    command=CancelCoupon,
    result=CouponCancelled,
    needs=_needs,
    decide=_decide,
    refusal=RewardRefused,
)
