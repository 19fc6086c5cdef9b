"""Merge a member into another one: they are the same person."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import active_book
from stampbook.core.merging import Moved, merge, refuses_merge
from stampbook.core.refusals import Refused
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.member import Member
from stampbook.values.amounts import Key


class MergeMembers(Command, frozen=True, kw_only=True):
    """A member who turned out to be another one, and into whom they go."""

    member_id: Key
    into: Key
    approver: Approver = SYSTEM


class MembersMerged(Struct, frozen=True, kw_only=True):
    """Both members after the merge, and what moved."""

    source: Member
    target: Member
    moved: Moved


def _needs(command: MergeMembers) -> Needs:
    return Needs(members=(command.member_id, command.into))


def _decide(draft: Draft, command: MergeMembers) -> MembersMerged | Refused:
    source = active_book(draft, command.member_id)
    if isinstance(source, Refused):
        return source
    target = active_book(draft, command.into)
    if isinstance(target, Refused):
        return target
    refused = refuses_merge(source, target)
    if refused is not None:
        return refused
    moved = merge(draft, source, target, command.approver)
    return MembersMerged(source=source.member, target=target.member, moved=moved)


COMMAND = CommandType(command=MergeMembers, result=MembersMerged, needs=_needs, decide=_decide)
