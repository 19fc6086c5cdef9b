"""Referrals: friends claim, are bound to the member who brought them, and are let go.

Source: contract section 2, referrals.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from disposable_email_domains import blocklist
from msgspec.structs import replace

from stampbook.core import coupons
from stampbook.core.agenda import OpenReferral
from stampbook.core.book import Book
from stampbook.core.counters import counted
from stampbook.core.counting import count
from stampbook.core.draft import Draft, MoreNeededError
from stampbook.core.refusals import (
    MEMBER_BLOCKED,
    REFERRAL_CLAIM_EXPIRED,
    REFERRAL_CLAIMS_LIMIT_REACHED,
    REFERRAL_CODE_UNKNOWN,
    REFERRAL_EMAIL_DISPOSABLE,
    REFERRAL_FRIEND_IS_CUSTOMER,
    REFERRAL_FRIEND_TAKEN,
    REFERRAL_INACTIVE,
    REFERRAL_OWN_LINK,
    RefusalCode,
    Refused,
    refuse,
)
from stampbook.core.refusing import state_refusal
from stampbook.core.self_referral import Traits, shared_trait
from stampbook.facts.referral.friend_claimed import ReferralFriendClaimed
from stampbook.facts.referral.refused import ReferralRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.referral import Friend, Referral, ReferralMode
from stampbook.nouns.reward import Limit
from stampbook.values.calendars import after_days, local_day
from stampbook.values.contacts import domain_of, email_key
from stampbook.values.ids import ReferralId
from stampbook.values.instants import Instant

CLAIMS = "referral:claims"
PAID = "referral:paid"
"""What is counted of a referrer, for the limits."""


def refuse_referral(code: RefusalCode, draft: Draft, referrer: Book, **facts: Any) -> Refused:
    """Refuse something about a referral, so that the referrer is told."""
    return refuse(
        code,
        member_id=referrer.member.member_id,
        rule="referrals",
        rule_version=draft.version,
        **facts,
    )


def referrer_of(draft: Draft, referral: Referral) -> Book | None:
    """Give the book of who brought the friend; None when they were deleted.

    Errors: MoreNeededError when the referrer was not loaded.
    """
    book = draft.book_of(referral.referrer_member_id)
    if book is None and not draft.is_retired(referral.referrer_member_id):
        raise MoreNeededError
    return book


def is_reached(draft: Draft, referrer: Book, limit: Limit | None, subject: str) -> bool:
    """Tell whether a limit of the referrer leaves nothing in its period."""
    if limit is None:
        return False
    day = local_day(draft.at, draft.definition.time_zone)
    return counted(referrer.counters, subject, limit.per, day).times >= limit.times


def refused_friend(
    draft: Draft,
    referrer: Book,
    friend: Sequence[Traits],
    email: str | None,
    *,
    by_claim: Referral | None = None,
) -> Refused | None:
    """Say why somebody cannot be referred by a member; None when they can.

    Shapes: `by_claim` is the referral that they come by, None for a new one; whom `email` belongs
    to is loaded.
    """
    if referrer.member.status != "active":
        member = referrer.member
        return refuse(MEMBER_BLOCKED, member_id=member.member_id, status=member.status)
    refused = refused_person(draft, referrer, friend, by_claim=by_claim)
    if refused is not None or email is None:
        return refused
    return _refused_email(draft, referrer, email, by_claim)


def refused_person(
    draft: Draft, referrer: Book, friend: Sequence[Traits], *, by_claim: Referral | None
) -> Refused | None:
    """Say why a friend does not count any more, whatever they claimed; None when they do."""
    about = {"referral_id": by_claim.id} if by_claim else {}
    same = shared_trait(referrer, friend)
    if same is not None:
        return refuse_referral(REFERRAL_OWN_LINK, draft, referrer, **about, same=same)
    if by_claim is not None and is_expired(draft, by_claim):
        since = by_claim.claimed_at
        return refuse_referral(REFERRAL_CLAIM_EXPIRED, draft, referrer, **about, claimed_at=since)
    return None


def _refused_email(
    draft: Draft, referrer: Book, email: str, by_claim: Referral | None
) -> Refused | None:
    about = {"referral_id": by_claim.id} if by_claim else {}
    if draft.definition.referrals.refuse_disposable and _is_disposable(email):
        return refuse_referral(
            REFERRAL_EMAIL_DISPOSABLE, draft, referrer, **about, domain=domain_of(email)
        )
    known = draft.books_by_email(email_key(email))
    if any(book.member.number_of_purchases for book in known):
        return refuse_referral(REFERRAL_FRIEND_IS_CUSTOMER, draft, referrer, **about)
    own = by_claim.id if by_claim else None
    others = (one for one in draft.referrals_of(email_key(email)) if one.id != own)
    if any(others) or any(book.member.referred_by for book in known):
        return refuse_referral(REFERRAL_FRIEND_TAKEN, draft, referrer, **about)
    return None


def _is_disposable(email: str) -> bool:
    """Tell whether an address is of a throw-away service, or of a part of one."""
    labels = domain_of(email).split(".")
    return any(".".join(labels[first:]) in blocklist for first in range(len(labels)))


def is_expired(draft: Draft, referral: Referral) -> bool:
    """Tell whether a claim has had its days."""
    days = draft.definition.referrals.claim_days
    return days is not None and draft.at >= referral.claimed_at + timedelta(days=days)


def new_referral(draft: Draft, referrer: Book, mode: ReferralMode, **fields: Any) -> Referral:
    """Give a referral that begins now; it is not stored yet."""
    return Referral(
        id=ReferralId(draft.ids.take()),
        status="claimed",
        mode=mode,
        referrer_member_id=referrer.member.member_id,
        referral_code=referrer.member.referral_code,
        claimed_at=draft.at,
        modified_at=draft.at,
        remind_at=_remind_at(draft),
        **fields,
    )


def _remind_at(draft: Draft) -> Instant | None:
    days = draft.definition.referrals.remind_after_days
    return None if days is None else after_days(draft.at, days, draft.definition.time_zone)


def claim(
    draft: Draft, referral_code: str, friend: Traits, name: str | None
) -> tuple[Referral, Coupon | None] | Refused:
    """Let a friend claim the incentive of a member's link; an enrolled friend is bound at once."""
    settings, email = draft.definition.referrals, friend.email_address
    assert email is not None, "a claim is made with an e-mail address"
    if not settings.is_active:
        return refuse(REFERRAL_INACTIVE)
    referrer = draft.book_by_code(referral_code)
    if referrer is None:
        return refuse(REFERRAL_CODE_UNKNOWN, field="referral_code")
    if is_reached(draft, referrer, settings.claims_limit, CLAIMS):
        return refuse_referral(REFERRAL_CLAIMS_LIMIT_REACHED, draft, referrer)
    refused = refused_friend(draft, referrer, (friend,), email)
    if refused is not None:
        return refused
    count(draft, referrer, CLAIMS, times=1, points=0)
    known = next(iter(draft.books_by_email(email_key(email))), None)
    referral = new_referral(
        draft, referrer, "link", friend_email=email.strip(), friend_name=name or None
    )
    if known is not None:
        referral = bind(draft, known, referrer, referral, gives_coupon=True)
        coupon = known.coupons.get(referral.friend_coupon or "")
    else:
        coupon = _incentive(draft, referrer, referral)
        referral = replace(referral, friend_coupon=coupon and coupon.code)
        draft.put_referral(referrer, referral)
    draft.fact(
        ReferralFriendClaimed,
        referrer,
        rule_version=draft.version,
        referral=referral,
        friend=friend_of(referral, known),
        coupon=coupon,
    )
    return referral, coupon


def _incentive(draft: Draft, keeper: Book, referral: Referral) -> Coupon | None:
    """Give the friend's coupon, to the friend or, while they are no member, to the referrer."""
    offer = draft.definition.coupon_by_id.get(draft.definition.referrals.friend_coupon or "")
    if offer is None:
        return None
    return coupons.give(draft, keeper, offer, "referral", referral=referral)


def bind(
    draft: Draft, friend: Book, referrer: Book, referral: Referral, *, gives_coupon: bool = False
) -> Referral:
    """Bind a member to who brought them, until the referral is completed.

    Shapes: the coupon that the friend claimed becomes theirs; `gives_coupon` gives one otherwise.
    """
    kept = referrer.coupons.pop(referral.friend_coupon or "", None)
    bound = replace(
        referral,
        friend_member_id=friend.member.member_id,
        friend_is_enrolled=True,
        modified_at=draft.at,
        version=referral.version + 1,
    )
    if kept is not None:
        draft.change_counters(referrer, referrer.counters)  # what is next due may have changed
        coupons.hand_over(draft, friend, kept)
    elif gives_coupon and bound.friend_coupon is None:
        coupon = _incentive(draft, friend, bound)
        bound = replace(bound, friend_coupon=coupon and coupon.code)
    draft.put_referral(referrer, bound)
    draft.change_member(friend, referred_by=bound.referral_code)
    draft.change_agenda(friend, referred_by=OpenReferral(id=bound.id, referrer=referrer.member.id))
    return bound


def close(draft: Draft, referrer: Book, referral: Referral, refused: Refused) -> None:
    """End a referral that cannot be completed any more, and say why."""
    ended = replace(
        referral,
        status="refused",
        refusal=refused.code,
        remind_at=None,
        modified_at=draft.at,
        version=referral.version + 1,
    )
    draft.put_referral(referrer, ended)
    state_refusal(draft, ReferralRefused, refused)


def friend_of(referral: Referral, book: Book | None) -> Friend:
    """Give who was referred, as the facts tell it."""
    return Friend(
        email_address=referral.friend_email,
        member_id=referral.friend_member_id,
        name=referral.friend_name,
        member=book.member if book else None,
    )
