"""Coupons: codes that members were given, and may use once."""

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.problem import RefusedError
from stampbook.api.route import Answer, Submit
from stampbook.commands import Needs
from stampbook.commands.cancel_coupon import CancelCoupon, CouponCancelled
from stampbook.commands.use_coupon import CouponUsed, UseCoupon
from stampbook.core.refusals import (
    COUPON_ALREADY_USED,
    COUPON_EXPIRED,
    COUPON_NOT_FOUND,
    COUPON_NOT_USABLE,
    refuse,
)
from stampbook.nouns.coupon import Coupon
from stampbook.values.amounts import Key

NOT_OPEN = (COUPON_NOT_FOUND, COUPON_ALREADY_USED, COUPON_EXPIRED, COUPON_NOT_USABLE)


class OneCoupon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coupon by its code."""

    code: Key


def read_coupon(desk: Desk, asked: OneCoupon) -> Coupon:
    """Give one coupon."""
    with desk.present() as present:
        coupon = present.draft(Needs(coupons=(asked.code,))).coupon(asked.code)
    if coupon is None:
        raise RefusedError(refuse(COUPON_NOT_FOUND, field="code"))
    return coupon


ROUTES = (
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
        refuses=NOT_OPEN,
        example={"order_id": "1002"},
    ),
    Submit(
        method="POST",
        path="/v1/coupons/{code}/cancel",
        summary="Cancel a coupon, and give its points back",
        scope="write",
        asks=CancelCoupon,
        gives=CouponCancelled,
        refuses=NOT_OPEN,
    ),
)
