"""Members: people in the program, with their balances and history."""

from msgspec import Struct

from stampbook.api.asking import OfMember, OneMember
from stampbook.api.desk import Desk
from stampbook.api.paging import Paged, cursors_checked
from stampbook.api.problem import CURSOR_INVALID, RefusedError
from stampbook.api.route import Answer, Submit
from stampbook.commands import Command, Needs
from stampbook.commands.delete_members import DeleteMembers, MembersDeleted
from stampbook.commands.enroll_member import EnrollMember, MemberEnrolled
from stampbook.commands.merge_members import MembersMerged, MergeMembers
from stampbook.commands.undo_merge import MergeUndone, UndoMerge
from stampbook.commands.update_member import MemberUpdated, UpdateMember
from stampbook.core.refusals import (
    INSTANT_IN_FUTURE,
    MEMBER_BLOCKED,
    MEMBER_EXISTS,
    MEMBER_HAS_MERGED,
    MEMBER_ID_RETIRED,
    MEMBER_NOT_DELETED,
    MEMBER_NOT_FOUND,
    MERGE_DEBT_OPEN,
    MERGE_HOLD_OPEN,
    MERGE_NOT_DONE,
    MERGE_SAME_MEMBER,
    refuse,
)
from stampbook.nouns.member import Member, SettableStatus
from stampbook.store.erasing import ErasureRecord, find_erasure
from stampbook.store.reading.facts import FactLine, facts_of
from stampbook.store.reading.members import MemberFilter, members
from stampbook.values.amounts import Key, Tag
from stampbook.values.instants import Instant
from stampbook.values.points import Points


class DeleteMember(OneMember, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member to delete. Their personal data goes; the key is never given to somebody else."""


class ListMembers(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which members to list, oldest first; every filter that is given must hold.

    Shapes: what time alone changes, such as points that expire, moves a member in or out of a
    filter when it is written; the records in the list are right at the program's now.
    """

    status: SettableStatus | None = None
    tier: Key | None = None
    """A tier's id."""
    tag: Tag | None = None
    email: Key | None = None
    enrolled_after: Instant | None = None
    """Inclusive."""
    enrolled_before: Instant | None = None
    """Exclusive."""
    min_available: Points | None = None


class MemberPage(Struct, frozen=True, kw_only=True):
    """Members, as they are at the program's now."""

    items: tuple[Member, ...]
    next_cursor: str | None


class History(Struct, frozen=True, kw_only=True):
    """What happened to a member, the newest fact first."""

    items: tuple[FactLine, ...]
    next_cursor: str | None


def list_members(desk: Desk, asked: ListMembers) -> MemberPage:
    """Give a page of members."""
    chosen = MemberFilter(
        status=asked.status,
        tier_id=asked.tier,
        tag=asked.tag,
        email_address=asked.email,
        enrolled_from=asked.enrolled_after,
        enrolled_before=asked.enrolled_before,
        available_min=asked.min_available,
    )
    with desk.present() as present, cursors_checked():
        page = members(present.unit, desk.program_id, chosen, limit=asked.limit, after=asked.cursor)
        draft = present.draft(Needs(ids=tuple(member.id for member in page.items)))
        now = tuple(draft.book(member.id).member for member in page.items)
        return MemberPage(items=now, next_cursor=page.next)


def read_member(desk: Desk, asked: OneMember) -> Member:
    """Give one member."""
    with desk.present() as present:
        _, book = present.known(asked.member_id)
        return book.member


def read_history(desk: Desk, asked: OfMember) -> History:
    """Give a page of a member's facts."""
    with desk.present() as present, cursors_checked():
        _, book = present.known(asked.member_id)
        page = facts_of(
            present.unit, desk.program_id, book.member.id, limit=asked.limit, after=asked.cursor
        )
        return History(items=page.items, next_cursor=page.next)


def read_erasure(desk: Desk, asked: OneMember) -> ErasureRecord:
    """Give how far the erasure of a deleted member is."""
    with desk.parts.backend.read() as unit:
        found = find_erasure(unit, desk.program_id, asked.member_id)
    if found is None:
        raise RefusedError(refuse(MEMBER_NOT_DELETED, field="member_id", wanted=asked.member_id))
    return found


def _delete_one(asked: DeleteMember) -> Command:
    return DeleteMembers(member_ids=(asked.member_id,))


ROUTES = (
    Submit(
        method="POST",
        path="/v1/members",
        summary="Enrol a member",
        scope="write",
        asks=EnrollMember,
        gives=MemberEnrolled,
        status=201,
        refuses=(MEMBER_EXISTS, MEMBER_ID_RETIRED, INSTANT_IN_FUTURE),
        example={
            "member_id": "anna@shop.example",
            "first_name": "Anna",
            "email_address": "anna@shop.example",
            "birthdate": "1990-05-17",
            "tags": ["newsletter"],
        },
    ),
    Answer(
        method="GET",
        path="/v1/members",
        summary="List members",
        scope="read",
        asks=ListMembers,
        gives=MemberPage,
        refuses=(CURSOR_INVALID,),
        answers=list_members,
    ),
    Answer(
        method="GET",
        path="/v1/members/{member_id}",
        summary="Read a member",
        scope="read",
        asks=OneMember,
        gives=Member,
        refuses=(MEMBER_NOT_FOUND,),
        answers=read_member,
    ),
    Submit(
        method="PATCH",
        path="/v1/members/{member_id}",
        summary="Change a member",
        scope="write",
        asks=UpdateMember,
        gives=MemberUpdated,
        refuses=(MEMBER_NOT_FOUND,),
        example={"phone_number": "+49 30 1234567", "custom_attributes": {"roast": "dark"}},
    ),
    Submit(
        method="DELETE",
        path="/v1/members/{member_id}",
        summary="Delete a member",
        scope="write",
        asks=DeleteMember,
        gives=MembersDeleted,
        refuses=(MEMBER_NOT_FOUND, MEMBER_HAS_MERGED),
        makes=_delete_one,
    ),
    Submit(
        method="POST",
        path="/v1/members/bulk-delete",
        summary="Delete several members at once",
        scope="write",
        asks=DeleteMembers,
        gives=MembersDeleted,
        refuses=(MEMBER_NOT_FOUND, MEMBER_HAS_MERGED),
        example={"member_ids": ["anna@shop.example", "ben@shop.example"]},
    ),
    Submit(
        method="POST",
        path="/v1/members/{member_id}/merge",
        summary="Merge a member into another one",
        scope="write",
        asks=MergeMembers,
        gives=MembersMerged,
        refuses=(
            MEMBER_NOT_FOUND,
            MEMBER_BLOCKED,
            MERGE_SAME_MEMBER,
            MERGE_HOLD_OPEN,
            MERGE_DEBT_OPEN,
        ),
        example={"into": "anna@shop.example", "approver": {"id": "u-17", "name": "Support"}},
    ),
    Submit(
        method="POST",
        path="/v1/members/{member_id}/undo-merge",
        summary="Undo the merge of a member into another one",
        scope="write",
        asks=UndoMerge,
        gives=MergeUndone,
        refuses=(MEMBER_NOT_FOUND, MERGE_NOT_DONE),
        example={"approver": {"id": "u-17", "name": "Support"}},
    ),
    Answer(
        method="GET",
        path="/v1/members/{member_id}/erasure",
        summary="Read how far the erasure of a deleted member is",
        scope="read",
        asks=OneMember,
        gives=ErasureRecord,
        refuses=(MEMBER_NOT_DELETED,),
        answers=read_erasure,
    ),
    Answer(
        method="GET",
        path="/v1/members/{member_id}/history",
        summary="Read what happened to a member",
        scope="read",
        asks=OfMember,
        gives=History,
        refuses=(MEMBER_NOT_FOUND, CURSOR_INVALID),
        answers=read_history,
    ),
)
