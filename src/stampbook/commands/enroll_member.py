"""Enrol a member."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import enrol
from stampbook.core.refusals import Refused
from stampbook.nouns.member import Address, Member, MemberStatus
from stampbook.values.amounts import ATTRIBUTES_MAX, Key, Line, Link, Tags
from stampbook.values.instants import Instant

Attributes = Annotated[dict[Key, Any], Meta(max_length=ATTRIBUTES_MAX)]
Email = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$")]


class EnrollMember(Command, frozen=True, kw_only=True):
    """A new member.

    Shapes: `enrolled_at` is for members who joined elsewhere before; it is not after now.
    """

    member_id: Key
    first_name: Line | None = None
    last_name: Line | None = None
    email_address: Email | None = None
    phone_number: Line | None = None
    address: Address = Address()
    status: MemberStatus = "active"
    tags: Tags = ()
    birthdate: date | None = None
    anniversary_date: date | None = None
    preferred_language: Line | None = None
    instagram_handle: Link | None = None
    twitter_handle: Link | None = None
    custom_attributes: Attributes = {}
    enrolled_at: Instant | None = None


class MemberEnrolled(Struct, frozen=True, kw_only=True):
    """The new member."""

    member: Member


def _needs(command: EnrollMember) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: EnrollMember) -> MemberEnrolled | Refused:
    book = enrol(draft, command)
    return book if isinstance(book, Refused) else MemberEnrolled(member=book.member)


COMMAND = CommandType(command=EnrollMember, result=MemberEnrolled, needs=_needs, decide=_decide)
