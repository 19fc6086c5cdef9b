"""Coupons: codes that members were given, and may use once."""

from msgspec import Struct

from stampbook.api.asking import OneMember
from stampbook.api.desk import Desk
from stampbook.api.problem import RefusedError
from stampbook.api.route import Answer, Submit
from stampbook.commands import Needs
from stampbook.commands.cancel_coupon import CancelCoupon, CouponCancelled
from stampbook.commands.issue_coupon import CouponIssued, IssueCoupon
from stampbook.commands.return_coupon import CouponReturned, ReturnCoupon
from stampbook.commands.use_coupon import CouponUsed, UseCoupon
from stampbook.core.refusals import (
    COUPON_ALREADY_USED,
    COUPON_EXPIRED,
    COUPON_MERGED,
    COUPON_MINIMUM_NOT_MET,
    COUPON_NOT_FOUND,
    COUPON_NOT_USABLE,
    COUPON_NOT_USED,
    COUPON_OF_ANOTHER,
    COUPON_OFFER_NOT_FOUND,
    COUPON_VALUE_INVALID,
    MEMBER_BLOCKED,
    MEMBER_NOT_FOUND,
    ORDER_AMOUNT_INVALID,
    refuse,
)
from stampbook.nouns.coupon import Coupon
from stampbook.store.reading.coupons import find_coupon_of
from stampbook.values.amounts import Key

NOT_OPEN = (COUPON_NOT_FOUND, COUPON_ALREADY_USED, COUPON_EXPIRED, COUPON_NOT_USABLE)


class OneCoupon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coupon by its code."""

    code: Key


class OneMemberCoupon(OneMember, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member's coupon by our id of it."""

    coupon_id: Key


def read_coupon(desk: Desk, asked: OneCoupon) -> Coupon:
    """Give one coupon."""
    with desk.present() as present:
        code = present.key("coupon", asked.code)
        coupon = present.draft(Needs(coupons=(code,))).coupon(code)
    if coupon is None:
        raise RefusedError(refuse(COUPON_NOT_FOUND, field="code"))
    return coupon


def read_member_coupon(desk: Desk, asked: OneMemberCoupon) -> Coupon:
    """Give one coupon of a member."""
    with desk.present() as present:
        draft, book = present.known(asked.member_id)
        found = find_coupon_of(present.unit, desk.program_id, book.member.id, asked.coupon_id)
        coupon = found and (draft.coupon(found.code) or found)
    if coupon is None:
        raise RefusedError(refuse(COUPON_NOT_FOUND, field="coupon_id"))
    return coupon


ROUTES = (
    Submit(
        method="POST",
        path="/v1/members/{member_id}/coupons",
        summary="Give a member a coupon by hand",
        scope="write",
        asks=IssueCoupon,
        gives=CouponIssued,
        status=201,
        refuses=(MEMBER_NOT_FOUND, MEMBER_BLOCKED, COUPON_OFFER_NOT_FOUND, COUPON_VALUE_INVALID),
        example={"name": "Sorry for the wait", "value": 5, "days": 30},
    ),
    Answer(
        method="GET",
        path="/v1/members/{member_id}/coupons/{coupon_id}",
        summary="Read a member's coupon by its id",
        scope="read",
        asks=OneMemberCoupon,
        gives=Coupon,
        refuses=(MEMBER_NOT_FOUND, COUPON_NOT_FOUND),
        answers=read_member_coupon,
    ),
    Answer(
        method="GET",
        path="/v1/coupons/{code}",
        summary="Read a coupon",
        scope="read",
        asks=OneCoupon,
        gives=Coupon,
        refuses=(COUPON_NOT_FOUND,),
        answers=read_coupon,
    ),
    Submit(
        method="POST",
        path="/v1/coupons/{code}/use",
        summary="Use a coupon",
        scope="write",
        asks=UseCoupon,
        gives=CouponUsed,
        refuses=(
            *NOT_OPEN,
            COUPON_OF_ANOTHER,
            COUPON_MINIMUM_NOT_MET,
            MEMBER_NOT_FOUND,
            ORDER_AMOUNT_INVALID,
        ),
        example={"order_id": "1002", "member_id": "anna@shop.example", "order_subtotal": "48.00"},
    ),
    Submit(
        method="POST",
        path="/v1/coupons/{code}/return",
        summary="Let a used coupon be used again",
        scope="write",
        asks=ReturnCoupon,
        gives=CouponReturned,
        refuses=(COUPON_NOT_FOUND, COUPON_NOT_USED),
    ),
    Submit(
        method="POST",
        path="/v1/coupons/{code}/cancel",
        summary="Cancel a coupon, and give its points back",
        scope="write",
        asks=CancelCoupon,
        gives=CouponCancelled,
        refuses=(*NOT_OPEN, COUPON_MERGED),
    ),
)
