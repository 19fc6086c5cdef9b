"""A coupon was used or came back, has expired, was cancelled, or left its hold."""

from msgspec.structs import replace

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.coupon import Coupon, nector_coupon
from stampbook.nouns.examples import EXAMPLE_COUPON, EXAMPLE_NOW, example_envelope
from stampbook.nouns.member import nector_user


class CouponUpdated(FactData, frozen=True, kw_only=True):
    """Sent for each change of a coupon's status; `coupon.status` is the one after it.

    Units: `points_returned` is what went back to the member for a cancelled coupon.
    """

    coupon: Coupon
    points_returned: int = 0


FACT = FactType(
    data=CouponUpdated,
    sent_when="A coupon is used, comes back, expires, is cancelled, or leaves its hold.",
    zinrelo=None,  # the dialect has no word for it
    nector=Word(
        "coupon_update",
        lambda fact: {
            **nector_user(fact.member),
            **nector_coupon(fact.coupon, fact.member),
        },
    ),
    example=lambda: CouponUpdated(
        coupon=replace(
            EXAMPLE_COUPON, status="used", used_at=EXAMPLE_NOW, used_by_order_id="C-2026-0098"
        ),
        **example_envelope(rule_version=None),
    ),
)
