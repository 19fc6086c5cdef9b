"""Take points from a member by hand."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.deductions import deduct
from stampbook.core.draft import Draft
from stampbook.core.members import active_book
from stampbook.core.refusals import Refused
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Attributes, Key, Line
from stampbook.values.points import SomePoints


class DeductPoints(Command, frozen=True, kw_only=True):
    """Points to take; the program says what happens when the balance does not cover them."""

    member_id: Key
    points: SomePoints
    reason: Line = ""
    transaction_attributes: Attributes = {}
    approver: Approver = SYSTEM


class PointsDeducted(Struct, frozen=True, kw_only=True):
    """The deduction, whose points may be fewer than were asked for, and the member after it."""

    transaction: Transaction
    member: Member


def _needs(command: DeductPoints) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: DeductPoints) -> PointsDeducted | Refused:
    book = active_book(draft, command.member_id, may_be_blocked=True)
    if isinstance(book, Refused):
        return book
    attributes = dict(command.transaction_attributes)
    if command.reason:
        attributes["reason"] = command.reason
    deducted = deduct(draft, book, command.points, attributes, approver=command.approver)
    if isinstance(deducted, Refused):
        return deducted
    return PointsDeducted(transaction=deducted, member=book.member)


COMMAND = CommandType(
    command=DeductPoints,
    result=PointsDeducted,
    needs=_needs,
    decide=_decide,
    refusal=PointsRefused,
)
