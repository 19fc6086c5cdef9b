"""Undo a merge: what is still open of the source's goes back to them."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.due import settle
from stampbook.core.merging import Moved, merged_refusal, undo
from stampbook.core.refusals import MEMBER_NOT_FOUND, MERGE_NOT_DONE, Refused, refuse
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.member import Member
from stampbook.values.amounts import Key


class UndoMerge(Command, frozen=True, kw_only=True):
    """A member who was merged into another one and is somebody else after all."""

    member_id: Key
    approver: Approver = SYSTEM


class MergeUndone(Struct, frozen=True, kw_only=True):
    """Both members after it, and what went back.

    Units: `spent` is what had moved in lots and stays spent, held, deducted or expired.
    """

    source: Member
    target: Member
    moved: Moved
    spent: int


def _needs(command: UndoMerge) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: UndoMerge) -> MergeUndone | Refused:
    source = draft.book_of(command.member_id)
    if source is None:
        return refuse(MEMBER_NOT_FOUND, field="member_id", wanted=command.member_id)
    done = source.agenda.merge
    if done is None:
        return refuse(MERGE_NOT_DONE, field="member_id", member_id=command.member_id)
    target = draft.loaded(done.into)
    if target.member.status == "merged":
        return merged_refusal(target)
    settle(draft, target)
    moved = undo(draft, source, target, done, command.approver)
    return MergeUndone(
        source=source.member,
        target=target.member,
        moved=moved,
        spent=done.points - moved.points,
    )


COMMAND = CommandType(
    command=UndoMerge, result=MergeUndone, needs=_needs, decide=_decide, takes_merged=True
)
