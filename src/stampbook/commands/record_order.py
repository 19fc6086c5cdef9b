"""Record an order; it may earn points, and enrol its customer."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import active_book, auto_enrol
from stampbook.core.orders import Purchase, checked, customer, record
from stampbook.core.refusals import Refused
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import Transaction


class RecordOrder(Purchase, Command, frozen=True, kw_only=True, omit_defaults=True):
    """An order as the shop knows it."""


class OrderRecorded(Struct, frozen=True, kw_only=True):
    """The order; the award that it earned, or why it earned nothing; the member after it."""

    order: Order
    transaction: Transaction | None
    refused: Refused | None
    member: Member


def _needs(command: RecordOrder) -> Needs:
    return Needs(members=(command.member_id,), orders=(command.order_id,))


def _decide(draft: Draft, command: RecordOrder) -> OrderRecorded | Refused:
    terms = checked(draft, command)
    if isinstance(terms, Refused):
        return terms
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        book = auto_enrol(draft, command.member_id, customer(command), book)
    if isinstance(book, Refused):
        return book
    order, award, refused = record(draft, book, command, terms)
    return OrderRecorded(order=order, transaction=award, refused=refused, member=book.member)


COMMAND = CommandType(
    command=RecordOrder, result=OrderRecorded, needs=_needs, decide=_decide, refusal=PointsRefused
)
