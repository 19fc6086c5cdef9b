"""Members: they enrol, change and leave."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from stampbook.core.activities import perform
from stampbook.core.book import Book
from stampbook.core.counters import Counters
from stampbook.core.draft import Draft
from stampbook.core.erasure import nothing
from stampbook.core.past import happened
from stampbook.core.redemptions import release
from stampbook.core.referral_attribution import Bringing, settle_arrival
from stampbook.core.refusals import (
    MEMBER_BLOCKED,
    MEMBER_EXISTS,
    MEMBER_ID_RETIRED,
    MEMBER_NOT_FOUND,
    PROGRAM_AUTO_ENROL_OFF,
    Refused,
    refuse,
)
from stampbook.core.refusing import state_refusal
from stampbook.core.tiers import standing_at
from stampbook.facts.member.deleted import MemberDeleted
from stampbook.facts.member.enrolled import MemberEnrolled
from stampbook.facts.member.updated import MemberUpdated
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.lot import SYSTEM
from stampbook.nouns.member import Address, Member, SettableStatus
from stampbook.values.amounts import ATTRIBUTES_MAX, Key, Line, Link, Tags
from stampbook.values.ids import MemberId
from stampbook.values.instants import Instant

EMAIL = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$(?!\n)"
Email = Annotated[str, Meta(max_length=254, pattern=EMAIL)]
CustomAttributes = Annotated[dict[Key, Any], Meta(max_length=ATTRIBUTES_MAX)]

REFERRAL_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
REFERRAL_LENGTH = 10
"""50 random bits, so that two members of one program do not meet."""


class Profile(Struct, frozen=True, kw_only=True):
    """What a member tells about themselves."""

    first_name: Line | None = None
    last_name: Line | None = None
    email_address: Email | None = None
    phone_number: Line | None = None
    address: Address = Address()
    status: SettableStatus = "active"
    tags: Tags = ()
    birthdate: date | None = None
    anniversary_date: date | None = None
    preferred_language: Line | None = None
    instagram_handle: Link | None = None
    twitter_handle: Link | None = None
    custom_attributes: CustomAttributes = {}


def active_book(draft: Draft, member_id: str, *, may_be_blocked: bool = False) -> Book | Refused:
    """Give a member's book, unless there is no such member or they may neither earn nor spend."""
    book = draft.book_of(member_id)
    if book is None:
        return refuse(MEMBER_NOT_FOUND, field="member_id", wanted=member_id)
    if not may_be_blocked and book.member.status != "active":
        return refuse(MEMBER_BLOCKED, member_id=member_id, status=book.member.status)
    return book


def enrol(
    draft: Draft,
    member_id: str,
    enrolled_at: Instant | None,
    profile: Mapping[str, Any],
    brought: Bringing | Refused | None = None,
) -> Book | Refused:
    """Enrol a member, bind them to who brought them, and award what enrolment earns."""
    if draft.is_retired(member_id):
        return refuse(MEMBER_ID_RETIRED, field="member_id", wanted=member_id)
    if draft.book_of(member_id) is not None:
        return refuse(MEMBER_EXISTS, field="member_id", member_id=member_id)
    joined = happened(draft, enrolled_at, "enrolled_at")
    if isinstance(joined, Refused):
        return joined
    code = _referral_code(draft)
    member = Member(
        id=MemberId(draft.ids.take()),
        member_id=member_id,
        referral_code=code,
        referred_by=(
            brought.referrer.member.referral_code if isinstance(brought, Bringing) else None
        ),
        referral_url=draft.definition.referral_link.replace("{code}", code),
        enrolled_at=joined,
        modified_at=draft.at,
        last_activity_at=draft.at,
        tier=standing_at(draft.definition, joined, draft.at),
        **profile,
    )
    book = draft.open_book(member, Counters())
    draft.fact(MemberEnrolled, book)
    settle_arrival(draft, book, brought, gives_coupon=True)
    if member.status == "active":
        _award_enrolment(draft, book)
    return book


def _referral_code(draft: Draft) -> str:
    letters = draft.secret(REFERRAL_LENGTH)
    return "".join(REFERRAL_ALPHABET[byte % len(REFERRAL_ALPHABET)] for byte in letters)


def _award_enrolment(draft: Draft, book: Book) -> None:
    for activity in draft.definition.activities:
        if activity.on == "enrolment" and activity.is_active:
            awarded = perform(draft, book, activity.id, {})
            if isinstance(awarded, Refused):
                state_refusal(draft, PointsRefused, awarded)


def auto_enrol(
    draft: Draft,
    member_id: str,
    profile: Mapping[str, Any],
    refused: Refused,
    brought: Bringing | Refused | None = None,
) -> Book | Refused:
    """Enrol the customer of an order, when they are no member and the program says so."""
    if refused.code != MEMBER_NOT_FOUND.code:
        return refused
    if not draft.definition.auto_enrol:
        return refuse(PROGRAM_AUTO_ENROL_OFF, field="member_id", wanted=member_id)
    return enrol(draft, member_id, None, profile, brought)


def change_profile(draft: Draft, book: Book, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Change what is new among some fields; gives the names of those that changed."""
    member = book.member
    news = {name: value for name, value in fields.items() if getattr(member, name) != value}
    if news:
        draft.change_member(book, **news)
        draft.fact(MemberUpdated, book, changed=tuple(sorted(news)))
    return tuple(sorted(news))


def delete(draft: Draft, book: Book) -> None:
    """Delete a member: their data is erased, their ledger stays, their member_id is retired.

    Shapes: redemptions on hold come back first, so that stock and codes are free for others.
    """
    for hold in list(book.holds.values()):
        release(draft, book, hold, SYSTEM)
    if book.agenda.merge is not None:
        _leave(draft, draft.loaded(book.agenda.merge.into), book)
    draft.erase(book)
    draft.change_member(book, status="deleted", deleted_at=draft.at, **nothing(Member))
    draft.fact(MemberDeleted, book)
    draft.retire(book)


def _leave(draft: Draft, target: Book, merged: Book) -> None:
    """Let the member whom somebody was merged into forget about them."""
    member_id = merged.member.member_id
    absorbed = tuple(one for one in target.agenda.absorbed if one != member_id)
    draft.change_agenda(target, absorbed=absorbed)


__all__ = ["Profile", "active_book", "auto_enrol", "change_profile", "delete", "enrol"]
