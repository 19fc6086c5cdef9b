"""Remind of friends who claimed and have not bought."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.referrals import friend_of, is_expired, referrer_of
from stampbook.facts.referral.reminded import ReferralReminded
from stampbook.nouns.referral import Referral
from stampbook.values.amounts import Key
from stampbook.values.ids import ReferralId

REFERRALS_MAX = 500


class RemindReferrals(Command, frozen=True, kw_only=True):
    """Referrals to remind of; those that are not due, or not any more, are left.

    Shapes: `friends` are the enrolled ones among those who were referred.
    """

    referral_ids: Annotated[tuple[ReferralId, ...], Meta(min_length=1, max_length=REFERRALS_MAX)]
    friends: Annotated[tuple[Key, ...], Meta(max_length=REFERRALS_MAX)] = ()


class ReferralsReminded(Struct, frozen=True, kw_only=True):
    """How many reminders were sent."""

    reminded: int


def _needs(command: RemindReferrals) -> Needs:
    return Needs(referrals=command.referral_ids, members=command.friends)


def _decide(draft: Draft, command: RemindReferrals) -> ReferralsReminded:
    found = (draft.referral(referral_id) for referral_id in command.referral_ids)
    due = [one for one in found if one and one.remind_at and one.remind_at <= draft.at]
    return ReferralsReminded(reminded=sum(_remind(draft, one) for one in due))


def _remind(draft: Draft, referral: Referral) -> bool:
    """Remind once; who is gone, or comes too late, is not reminded of."""
    referrer = referrer_of(draft, referral)
    if referrer is None:
        return False
    friend = draft.book_of(referral.friend_member_id) if referral.friend_member_id else None
    is_gone = friend is None and (referral.friend_is_enrolled or referral.friend_email is None)
    is_wanted = referral.status == "claimed" and not is_gone and not is_expired(draft, referral)
    after = replace(referral, remind_at=None, modified_at=draft.at, version=referral.version + 1)
    if is_wanted:
        after = replace(after, reminded_at=draft.at, reminders=referral.reminders + 1)
    draft.put_referral(referrer, after)
    if is_wanted:
        coupon = (friend or referrer).coupons.get(after.friend_coupon or "")
        draft.fact(
            ReferralReminded,
            referrer,
            rule_version=draft.version,
            referral=after,
            friend=friend_of(after, friend),
            coupon=coupon,
        )
    return is_wanted


COMMAND = CommandType(
    command=RemindReferrals,
    result=ReferralsReminded,
    needs=_needs,
    decide=_decide,
    takes_merged=True,
)  # one of many may be merged meanwhile
