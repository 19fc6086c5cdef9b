"""Give a member a coupon by hand."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.coupons import give
from stampbook.core.draft import Draft
from stampbook.core.growth import CouponOffer, Worth
from stampbook.core.members import active_book
from stampbook.core.refusals import (
    COUPON_OFFER_NOT_FOUND,
    COUPON_VALUE_INVALID,
    Refused,
    refuse,
)
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.activity import Days
from stampbook.nouns.coupon import Coupon, CouponTarget, ValueClass
from stampbook.nouns.member import Member
from stampbook.values.amounts import Key, Line, Link, Text

VALUED = {"amount", "percent"}
PERCENT_MAX = 100


class IssueCoupon(Command, frozen=True, kw_only=True):
    """A coupon for a member: one of the program's, by `offer_id`, or one that is described here.

    Units: `value` is an amount in the program's currency or a percentage.
    """

    member_id: Key
    offer_id: Key | None = None
    name: Line | None = None
    description: Text = ""
    value_class: ValueClass = "amount"
    value: Worth | None = None
    target: CouponTarget = "cart"
    minimum_order_amount: Worth | None = None
    days: Days | None = None
    """How long it may be used; None is for ever."""
    code_prefix: Annotated[str, Meta(max_length=16, pattern="^[A-Z0-9-]*$")] = ""
    link: Link | None = None
    """Where a click applies it; `{code}` stands for the code."""
    reference_id: Line | None = None
    """The shop's own coupon behind it."""
    reference_source: Line | None = None


class CouponIssued(Struct, frozen=True, kw_only=True):
    """The coupon, with its code, and the member after it."""

    coupon: Coupon
    member: Member


def _needs(command: IssueCoupon) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: IssueCoupon) -> CouponIssued | Refused:
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        return book
    offer = _offer(draft, command)
    if isinstance(offer, Refused):
        return offer
    coupon = give(draft, book, offer, "manual")
    return CouponIssued(coupon=coupon, member=book.member)


def _offer(draft: Draft, command: IssueCoupon) -> CouponOffer | Refused:
    if command.offer_id is not None and command.name is None and command.value is None:
        offer = draft.definition.coupon_by_id.get(command.offer_id)
        return offer or refuse(COUPON_OFFER_NOT_FOUND, field="offer_id", offer_id=command.offer_id)
    needs_value = command.value_class in VALUED
    most = PERCENT_MAX if command.value_class == "percent" else None
    fits = command.value if needs_value else True
    if command.offer_id or not command.name or not fits or (most and (command.value or 0) > most):
        return refuse(COUPON_VALUE_INVALID, field="value", member_id=command.member_id)
    described = {
        name: getattr(command, name)
        for name in CouponOffer.__struct_fields__
        if name in command.__struct_fields__
    }
    return CouponOffer(id="manual", **described)


COMMAND = CommandType(
    command=IssueCoupon, result=CouponIssued, needs=_needs, decide=_decide, refusal=RewardRefused
)
