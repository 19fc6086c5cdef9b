"""Enrol a member."""

from typing import Any

import msgspec
from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import Profile, enrol
from stampbook.core.refusals import Refused
from stampbook.nouns.member import Member
from stampbook.values.amounts import Key
from stampbook.values.instants import Instant


class EnrollMember(Profile, Command, frozen=True, kw_only=True):
    """A new member.

    Shapes: `enrolled_at` is for members who joined elsewhere before; it is not after now.
    """

    member_id: Key
    enrolled_at: Instant | None = None


class MemberEnrolled(Struct, frozen=True, kw_only=True):
    """The new member."""

    member: Member


def _needs(command: EnrollMember) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: EnrollMember) -> MemberEnrolled | Refused:
    fields: dict[str, Any] = msgspec.structs.asdict(command)
    book = enrol(draft, fields.pop("member_id"), fields.pop("enrolled_at"), fields)
    return book if isinstance(book, Refused) else MemberEnrolled(member=book.member)


COMMAND = CommandType(command=EnrollMember, result=MemberEnrolled, needs=_needs, decide=_decide)
