"""A friend who claimed has not bought yet."""

from typing import Any

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.examples import EXAMPLE_CLAIM, EXAMPLE_FRIEND_COUPON, example_envelope
from stampbook.nouns.referral import (
    Friend,
    Referral,
    nector_friend,
    nector_referral,
    nector_referral_coupon,
)


class ReferralReminded(FactData, frozen=True, kw_only=True):
    """Sent once for each claim that is still open after the days of the setting.

    Shapes: the fact is one of the referrer's, and `member` is the referrer.
    """

    referral: Referral
    friend: Friend
    coupon: Coupon | None = None


def _nector(fact: ReferralReminded) -> dict[str, Any]:
    referral = nector_referral(
        fact.referral, fact.member, fact.friend, referrer_coupon=None, friend_coupon=fact.coupon
    )
    incentive = nector_referral_coupon(fact.coupon) if fact.coupon else {}
    return {**nector_friend(fact.friend), **referral, **incentive}


FACT = FactType(
    data=ReferralReminded,
    sent_when="A friend claimed and has not bought after a number of days.",
    zinrelo=None,  # the dialect has no word for it
    nector=Word("incompletereferralrequest_create", _nector),
    example=lambda: ReferralReminded(
        referral=EXAMPLE_CLAIM,
        friend=Friend(email_address=EXAMPLE_CLAIM.friend_email),
        coupon=EXAMPLE_FRIEND_COUPON,
        **example_envelope(),
    ),
)
