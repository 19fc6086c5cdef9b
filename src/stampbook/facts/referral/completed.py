"""A referred friend did the first thing that counts; the referrer is rewarded."""

from typing import Any

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.examples import (
    EXAMPLE_AWARD,
    EXAMPLE_COUPON_AWARD,
    EXAMPLE_FRIEND,
    EXAMPLE_FRIEND_COUPON,
    EXAMPLE_REFERRAL,
    EXAMPLE_REFERRAL_AWARD,
    EXAMPLE_REFERRER_COUPON,
    example_envelope,
)
from stampbook.nouns.member import nector_user, zinrelo_member_info
from stampbook.nouns.referral import (
    Friend,
    Referral,
    nector_referral,
    nector_referral_coins,
    nector_referral_coupon,
    zinrelo_friend_info,
)
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


def _nector(fact: ReferralCompleted) -> dict[str, Any]:
    referral = nector_referral(
        fact.referral,
        fact.member,
        fact.friend,
        referrer_coupon=fact.referrer_coupon,
        friend_coupon=fact.friend_coupon,
    )
    award = next((reward for reward in fact.rewards if reward.kind == "award"), None)
    balance = fact.member.balances.available
    coins = nector_referral_coins(award, balance) if award else {}
    coupon = nector_referral_coupon(fact.referrer_coupon) if fact.referrer_coupon else {}
    return {**nector_user(fact.member), **referral, **coins, **coupon}


FACT = FactType(
    data=ReferralCompleted,
    sent_when="A referred friend does their first qualifying activity, enrolled or as a guest.",
    zinrelo=Word("event_referral_success", _zinrelo),
    nector=Word("referrernotify_create", _nector),
    example=lambda: ReferralCompleted(
        referral=EXAMPLE_REFERRAL,
        friend=EXAMPLE_FRIEND,
        activity_id="made_a_purchase",
        activity_name="Buy something",
        order_attributes=EXAMPLE_AWARD.attributes,
        rewards=(EXAMPLE_REFERRAL_AWARD, EXAMPLE_COUPON_AWARD),
        referrer_coupon=EXAMPLE_REFERRER_COUPON,
        friend_coupon=EXAMPLE_FRIEND_COUPON,
        **example_envelope(),
    ),
)
