"""A member was given a coupon."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.coupon import Coupon, nector_coupon
from stampbook.nouns.examples import EXAMPLE_COUPON, example_envelope
from stampbook.nouns.member import nector_user


class CouponIssued(FactData, frozen=True, kw_only=True):
    """Sent once for each coupon, with its code.

    Shapes: `coupon.status` is `held` while its redemption is on hold; coupon.updated says when such
    a coupon may be used.
    """

    coupon: Coupon


FACT = FactType(
    data=CouponIssued,
    sent_when="A coupon is given to a member.",
    zinrelo=None,  # the dialect has no word for it: its transaction carries the code
    nector=Word(
        "coupon_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_coupon(fact.coupon, fact.member),
        },
    ),
    example=lambda: CouponIssued(coupon=EXAMPLE_COUPON, **example_envelope()),
)
