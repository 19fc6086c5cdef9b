"""A coupon has not been used for a while."""

from stampbook.facts import FactData, FactType
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.examples import EXAMPLE_COUPON, example_envelope


class CouponUnused(FactData, frozen=True, kw_only=True):
    """Sent once for a coupon that is still unused after the days of the setting."""

    coupon: Coupon


FACT = FactType(
    data=CouponUnused,
    sent_when="A coupon is still unused after a number of days.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # unusedcouponrequest_create: comes with the Nector dialect
    example=lambda: CouponUnused(coupon=EXAMPLE_COUPON, **example_envelope()),
)
