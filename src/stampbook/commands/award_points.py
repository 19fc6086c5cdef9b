"""Award points for an activity."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.activities import perform
from stampbook.core.draft import Draft
from stampbook.core.members import active_book
from stampbook.core.refusals import Refused
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Attributes, Key
from stampbook.values.points import SomePoints


class AwardPoints(Command, frozen=True, kw_only=True):
    """An activity that a member did.

    Shapes: `points` replaces what the activity computes, for activities with a fixed computation.
    Orders are recorded, not awarded.
    """

    member_id: Key
    activity_id: Key
    points: SomePoints | None = None
    transaction_attributes: Attributes = {}
    additional_data: Attributes = {}


class PointsAwarded(Struct, frozen=True, kw_only=True):
    """The award, pending or approved, and the member after it."""

    transaction: Transaction
    member: Member


def _needs(command: AwardPoints) -> Needs:
    return Needs(members=(command.member_id,))


def _decide(draft: Draft, command: AwardPoints) -> PointsAwarded | Refused:
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        return book
    awarded = perform(
        draft,
        book,
        command.activity_id,
        command.transaction_attributes,
        points=command.points,
        additional_data=command.additional_data,
    )
    if isinstance(awarded, Refused):
        return awarded
    return PointsAwarded(transaction=awarded, member=book.member)


COMMAND = CommandType(
    command=AwardPoints, result=PointsAwarded, needs=_needs, decide=_decide, refusal=PointsRefused
)
