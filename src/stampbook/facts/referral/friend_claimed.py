"""A friend opened a member's link, left an e-mail address, and got the friend's coupon."""

from typing import Any

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.examples import EXAMPLE_CLAIM, EXAMPLE_FRIEND_COUPON, example_envelope
from stampbook.nouns.member import Member
from stampbook.nouns.referral import (
    Friend,
    Referral,
    nector_friend,
    nector_referral,
    nector_referral_coupon,
    zinrelo_friend_info,
)


class ReferralFriendClaimed(FactData, frozen=True, kw_only=True):
    """Sent once for each claim.

    Shapes: the fact is one of the referrer's, and `member` is the referrer.
    """

    referral: Referral
    friend: Friend
    coupon: Coupon | None = None


def _zinrelo(fact: ReferralFriendClaimed) -> dict[str, Any]:
    words: dict[str, Any] = {"friend_info": zinrelo_friend_info(fact.friend)}
    if fact.friend.member is None:
        referrer: Member = fact.member
        words["incentive_info"] = {
            "coupon": fact.coupon and fact.coupon.code,
            "referrer_info": {
                "referral_link": referrer.referral_url,
                "member_id": referrer.member_id,
                "id": referrer.id,
            },
        }
    return words


def _nector(fact: ReferralFriendClaimed) -> dict[str, Any]:
    referral = nector_referral(
        fact.referral, fact.member, fact.friend, referrer_coupon=None, friend_coupon=fact.coupon
    )
    incentive = nector_referral_coupon(fact.coupon) if fact.coupon else {}
    return {**nector_friend(fact.friend), **referral, **incentive}


FACT = FactType(
    data=ReferralFriendClaimed,
    sent_when="A friend claims the incentive of a referral link.",
    zinrelo=Word("event_friend_incentive_request", _zinrelo),
    nector=Word("refereenotify_create", _nector),
    example=lambda: ReferralFriendClaimed(
        referral=EXAMPLE_CLAIM,
        friend=Friend(email_address=EXAMPLE_CLAIM.friend_email),
        coupon=EXAMPLE_FRIEND_COUPON,
        **example_envelope(),
    ),
)
