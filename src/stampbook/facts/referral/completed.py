"""A referred friend did the first thing that counts; the referrer is rewarded."""

from typing import Any

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.examples import (
    EXAMPLE_AWARD,
    EXAMPLE_COUPON_AWARD,
    EXAMPLE_FRIEND,
    EXAMPLE_REFERRAL,
    EXAMPLE_REFERRAL_AWARD,
    example_envelope,
)
from stampbook.nouns.member import zinrelo_member_info
from stampbook.nouns.referral import Friend, Referral, zinrelo_friend_info
from stampbook.nouns.transaction import Transaction, zinrelo_award, zinrelo_coupon_award


class ReferralCompleted(FactData, frozen=True, kw_only=True):
    """Sent once for each referral.

    Shapes: the fact is one of the referrer's, and `member` is the referrer after the rewards.
    `order_attributes` are the friend's order as received, None when no order completed it.
    """

    referral: Referral
    friend: Friend
    activity_id: str
    activity_name: str
    order_attributes: dict[str, Any] | None = None
    rewards: tuple[Transaction, ...] = ()
    """The referrer's, in the order in which they were given."""
    referrer_coupon: Coupon | None = None
    friend_coupon: Coupon | None = None


def _zinrelo(fact: ReferralCompleted) -> dict[str, Any]:
    spelled = {"award": zinrelo_award, "coupon_award": zinrelo_coupon_award}
    return {
        "friend_info": zinrelo_friend_info(fact.friend),
        "referrer_info": zinrelo_member_info(fact.member),
        "referral_success_activity_info": {
            "activity_id": fact.activity_id,
            "activity_name": fact.activity_name,
            "order_info": fact.order_attributes,
        },
        "referrer_reward_info": [spelled[reward.kind](reward) for reward in fact.rewards],
    }


FACT = FactType(
    data=ReferralCompleted,
    sent_when="A referred friend does their first qualifying activity, enrolled or as a guest.",
    zinrelo=Word("event_referral_success", _zinrelo),
    nector=None,  # referrernotify_create: comes with the Nector dialect
    example=lambda: ReferralCompleted(
        referral=EXAMPLE_REFERRAL,
        friend=EXAMPLE_FRIEND,
        activity_id="made_a_purchase",
        activity_name="Buy something",
        order_attributes=EXAMPLE_AWARD.attributes,
        rewards=(EXAMPLE_REFERRAL_AWARD, EXAMPLE_COUPON_AWARD),
        **example_envelope(),
    ),
)
