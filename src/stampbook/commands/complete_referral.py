"""Complete a guest's referral by an activity that is no order."""

from msgspec import Struct
from msgspec.structs import replace

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.referral_completion import complete, completes
from stampbook.core.referrals import referrer_of, refuse_referral, refused_person
from stampbook.core.refusals import (
    REFERRAL_ACTIVITY_DOES_NOT_COUNT,
    REFERRAL_FRIEND_ENROLLED,
    REFERRAL_NOT_FOUND,
    REFERRAL_NOT_OPEN,
    Refused,
    refuse,
)
from stampbook.core.self_referral import Traits
from stampbook.facts.referral.refused import ReferralRefused
from stampbook.nouns.referral import Referral
from stampbook.values.amounts import Key
from stampbook.values.ids import ReferralId


class CompleteReferral(Command, frozen=True, kw_only=True):
    """What a friend who is no member did; `friend_member_id` is the shop's key of them."""

    referral_id: ReferralId
    activity_id: Key
    friend_member_id: Key


class ReferralCompleted(Struct, frozen=True, kw_only=True):
    """The referral, completed."""

    referral: Referral


def _needs(command: CompleteReferral) -> Needs:
    return Needs(members=(command.friend_member_id,), referrals=(command.referral_id,))


def _decide(draft: Draft, command: CompleteReferral) -> ReferralCompleted | Refused:
    referral = draft.referral(command.referral_id)
    referrer = referrer_of(draft, referral) if referral else None
    if referral is None or referrer is None:
        return refuse(REFERRAL_NOT_FOUND, field="referral_id")
    if referral.status != "claimed":
        return refuse_referral(REFERRAL_NOT_OPEN, draft, referrer, status=referral.status)
    if referral.friend_is_enrolled or draft.book_of(command.friend_member_id) is not None:
        return refuse_referral(REFERRAL_FRIEND_ENROLLED, draft, referrer)
    activity = draft.definition.activity_by_id.get(command.activity_id)
    if activity is None or activity.on == "order" or not completes(draft, activity.id, None):
        return refuse_referral(
            REFERRAL_ACTIVITY_DOES_NOT_COUNT, draft, referrer, activity_id=command.activity_id
        )
    friend = Traits(member_id=command.friend_member_id, email_address=referral.friend_email)
    refused = refused_person(draft, referrer, (friend,), by_claim=referral)
    if refused is not None:
        return refused
    guest = replace(referral, friend_member_id=command.friend_member_id)
    return ReferralCompleted(referral=complete(draft, referrer, guest, activity.id))


COMMAND = CommandType(
    command=CompleteReferral,
    result=ReferralCompleted,
    needs=_needs,
    decide=_decide,
    refusal=ReferralRefused,
    takes_merged=True,
)  # whoever was merged is a member too, and no guest
