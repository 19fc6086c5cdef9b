"""Change a member's attributes, tags or status."""

from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import CustomAttributes, Email, active_book, change_profile
from stampbook.core.refusals import Refused
from stampbook.nouns.member import Address, Member, SettableStatus
from stampbook.values.amounts import Key, Line, Link, Tags


class UpdateMember(Command, frozen=True, kw_only=True):
    """Changes to a member: a field that is absent stays, a null clears it, tags replace."""

    member_id: Key
    first_name: Line | None | UnsetType = UNSET
    last_name: Line | None | UnsetType = UNSET
    email_address: Email | None | UnsetType = UNSET
    phone_number: Line | None | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    status: SettableStatus | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    birthdate: date | None | UnsetType = UNSET
    anniversary_date: date | None | UnsetType = UNSET
    preferred_language: Line | None | UnsetType = UNSET
    instagram_handle: Link | None | UnsetType = UNSET
    twitter_handle: Link | None | UnsetType = UNSET
    custom_attributes: CustomAttributes | UnsetType = UNSET


class MemberUpdated(Struct, frozen=True, kw_only=True):
    """The member after the change, and which fields changed; none when nothing was new."""

    member: Member
    changed: tuple[str, ...]


def _needs(command: UpdateMember) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: UpdateMember) -> MemberUpdated | Refused:
    book = active_book(draft, command.member_id, may_be_blocked=True)
    if isinstance(book, Refused):
        return book
    fields: dict[str, Any] = {
        name: value
        for name, value in msgspec.structs.asdict(command).items()
        if name != "member_id" and value is not UNSET
    }
    changed = change_profile(draft, book, fields)
    return MemberUpdated(member=book.member, changed=changed)


COMMAND = CommandType(command=UpdateMember, result=MemberUpdated, needs=_needs, decide=_decide)
