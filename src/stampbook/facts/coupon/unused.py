"""A coupon has not been used for a while."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.coupon import Coupon, nector_coupon
from stampbook.nouns.examples import EXAMPLE_COUPON, example_envelope
from stampbook.nouns.member import nector_user


class CouponUnused(FactData, frozen=True, kw_only=True):
    """Sent once for a coupon that is still unused after the days of the setting."""

    coupon: Coupon


FACT = FactType(
    data=CouponUnused,
    sent_when="A coupon is still unused after a number of days.",
    zinrelo=None,  # the dialect has no word for it
    nector=Word(
        "unusedcouponrequest_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_coupon(fact.coupon, fact.member),
        },
    ),
    example=lambda: CouponUnused(coupon=EXAMPLE_COUPON, **example_envelope()),
)
