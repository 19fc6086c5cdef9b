"""Referrals: members bring friends, who claim a coupon and, once they buy, reward the member."""

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.paging import Paged, cursors_checked
from stampbook.api.problem import CURSOR_INVALID, RefusedError
from stampbook.api.route import Answer, Submit
from stampbook.commands.claim_referral import ClaimReferral, ReferralClaimed
from stampbook.commands.complete_referral import CompleteReferral, ReferralCompleted
from stampbook.commands.share_referral_link import LinkShared, ShareReferralLink
from stampbook.core.refusals import (
    MEMBER_BLOCKED,
    MEMBER_NOT_FOUND,
    REFERRAL_ACTIVITY_DOES_NOT_COUNT,
    REFERRAL_CHANNEL_NEEDS_FRIENDS,
    REFERRAL_CLAIM_EXPIRED,
    REFERRAL_CLAIMS_LIMIT_REACHED,
    REFERRAL_CODE_UNKNOWN,
    REFERRAL_EMAIL_DISPOSABLE,
    REFERRAL_FRIEND_ENROLLED,
    REFERRAL_FRIEND_IS_CUSTOMER,
    REFERRAL_FRIEND_TAKEN,
    REFERRAL_INACTIVE,
    REFERRAL_NOT_FOUND,
    REFERRAL_NOT_OPEN,
    REFERRAL_OWN_LINK,
    refuse,
)
from stampbook.nouns.referral import Referral, ReferralStatus
from stampbook.store.reading.members import find_id
from stampbook.store.reading.referrals import find_referral, referrals
from stampbook.values.amounts import Key
from stampbook.values.ids import ReferralId


class ListReferrals(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which referrals to list, the newest first; every filter that is given must hold."""

    member_id: Key | None = None
    """Of the member who refers."""
    status: ReferralStatus | None = None


class OneReferral(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A referral by its id."""

    referral_id: ReferralId


class ReferralPage(Struct, frozen=True, kw_only=True):
    """Referrals, the newest first."""

    items: tuple[Referral, ...]
    next_cursor: str | None


def list_referrals(desk: Desk, asked: ListReferrals) -> ReferralPage:
    """Give a page of referrals."""
    with desk.parts.backend.read() as unit, cursors_checked():
        referrer = None
        if asked.member_id is not None:
            referrer = find_id(unit, desk.program_id, asked.member_id)
            if referrer is None:
                raise RefusedError(
                    refuse(MEMBER_NOT_FOUND, field="member_id", wanted=asked.member_id)
                )
        page = referrals(
            unit,
            desk.program_id,
            referrer=referrer,
            status=asked.status,
            limit=asked.limit,
            after=asked.cursor,
        )
        return ReferralPage(items=page.items, next_cursor=page.next)


def read_referral(desk: Desk, asked: OneReferral) -> Referral:
    """Give one referral."""
    with desk.parts.backend.read() as unit:
        found = find_referral(unit, desk.program_id, asked.referral_id)
    if found is None:
        raise RefusedError(refuse(REFERRAL_NOT_FOUND, field="referral_id"))
    return found


ROUTES = (
    Submit(
        method="POST",
        path="/v1/members/{member_id}/referral/shares",
        summary="Say that a member shared their referral link",
        scope="write",
        asks=ShareReferralLink,
        gives=LinkShared,
        status=201,
        refuses=(
            MEMBER_NOT_FOUND,
            MEMBER_BLOCKED,
            REFERRAL_INACTIVE,
            REFERRAL_CHANNEL_NEEDS_FRIENDS,
        ),
        example={"channel": "email", "friend_emails": ["ben@friends.example"]},
    ),
    Submit(
        method="POST",
        path="/v1/referrals/claims",
        summary="Claim the incentive of a referral link for a friend",
        scope="write",
        asks=ClaimReferral,
        gives=ReferralClaimed,
        status=201,
        refuses=(
            REFERRAL_INACTIVE,
            REFERRAL_CODE_UNKNOWN,
            MEMBER_BLOCKED,
            REFERRAL_OWN_LINK,
            REFERRAL_FRIEND_IS_CUSTOMER,
            REFERRAL_FRIEND_TAKEN,
            REFERRAL_EMAIL_DISPOSABLE,
            REFERRAL_CLAIMS_LIMIT_REACHED,
        ),
        example={"referral_code": "7Q4KX9MNPR", "email_address": "ben@friends.example"},
    ),
    Submit(
        method="POST",
        path="/v1/referrals/{referral_id}/complete",
        summary="Complete a guest's referral by an activity that is no order",
        scope="write",
        asks=CompleteReferral,
        gives=ReferralCompleted,
        refuses=(
            REFERRAL_NOT_FOUND,
            REFERRAL_NOT_OPEN,
            REFERRAL_FRIEND_ENROLLED,
            REFERRAL_ACTIVITY_DOES_NOT_COUNT,
            REFERRAL_CLAIM_EXPIRED,
            REFERRAL_OWN_LINK,
        ),
        example={"activity_id": "booked_a_fitting", "friend_member_id": "guest-204"},
    ),
    Answer(
        method="GET",
        path="/v1/referrals",
        summary="List referrals",
        scope="read",
        asks=ListReferrals,
        gives=ReferralPage,
        refuses=(MEMBER_NOT_FOUND, CURSOR_INVALID),
        answers=list_referrals,
    ),
    Answer(
        method="GET",
        path="/v1/referrals/{referral_id}",
        summary="Read a referral",
        scope="read",
        asks=OneReferral,
        gives=Referral,
        refuses=(REFERRAL_NOT_FOUND,),
        answers=read_referral,
    ),
)
