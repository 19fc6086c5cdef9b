"""Use a coupon, once."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.coupon_uses import known_coupon, refuses_use, use
from stampbook.core.draft import Draft
from stampbook.core.purchases import amount_in
from stampbook.core.refusals import MEMBER_NOT_FOUND, ORDER_AMOUNT_INVALID, Refused, refuse
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.values.amounts import Amount, Key


class UseCoupon(Command, frozen=True, kw_only=True):
    """A coupon's code, and the order that it was used for.

    Shapes: who uses it and for what cart is checked where it is given. Units: `order_subtotal` in
    the program's currency.
    """

    code: Key
    order_id: Key | None = None
    member_id: Key | None = None
    order_subtotal: Amount | None = None


class CouponUsed(Struct, frozen=True, kw_only=True):
    """The coupon, used."""

    coupon: Coupon


def _needs(command: UseCoupon) -> Needs:
    members = (command.member_id,) if command.member_id else ()
    return Needs(members=members, coupons=(command.code,))


def _decide(draft: Draft, command: UseCoupon) -> CouponUsed | Refused:
    found = known_coupon(draft, command.code)
    if isinstance(found, Refused):
        return found
    book, coupon = found
    user = draft.book_of(command.member_id) if command.member_id else None
    if command.member_id and user is None:
        return refuse(MEMBER_NOT_FOUND, field="member_id", wanted=command.member_id)
    cart = None
    if command.order_subtotal is not None:
        cart = amount_in(command.order_subtotal, draft.definition.currency)
        if cart is None:
            return refuse(ORDER_AMOUNT_INVALID, field="order_subtotal")
    refused = refuses_use(draft, coupon, command.order_id, user=user, cart=cart)
    if refused is not None:
        return refused
    return CouponUsed(coupon=use(draft, book, coupon, command.order_id))


COMMAND = CommandType(
    command=UseCoupon, result=CouponUsed, needs=_needs, decide=_decide, refusal=RewardRefused
)
