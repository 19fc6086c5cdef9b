"""Delete members; many deleted by one request leave in one batch."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import delete
from stampbook.core.refusals import MEMBER_HAS_MERGED, MEMBER_NOT_FOUND, Refused, refuse
from stampbook.values.amounts import Key

MEMBERS_PER_DELETE_MAX = 500


class DeleteMembers(Command, frozen=True, kw_only=True):
    """Members to delete: all of them, or none when one is unknown."""

    member_ids: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=MEMBERS_PER_DELETE_MAX)]


class MembersDeleted(Struct, frozen=True, kw_only=True):
    """The members who are gone."""

    member_ids: tuple[str, ...]


def _needs(command: DeleteMembers) -> Needs:
    return Needs(members=command.member_ids)


def _decide(draft: Draft, command: DeleteMembers) -> MembersDeleted | Refused:
    books = {key: draft.book_of(key) for key in command.member_ids}
    for key, book in books.items():
        if book is None or book.member.status == "deleted":
            return refuse(MEMBER_NOT_FOUND, field="member_ids", wanted=key)
        if left := [one for one in book.agenda.absorbed if one not in books]:
            return refuse(MEMBER_HAS_MERGED, field="member_ids", member_id=key, merged_members=left)
    for book in books.values():
        if book is not None:
            delete(draft, book)
    return MembersDeleted(member_ids=tuple(books))


COMMAND = CommandType(
    command=DeleteMembers,
    result=MembersDeleted,
    needs=_needs,
    decide=_decide,
    takes_merged=True,
)
