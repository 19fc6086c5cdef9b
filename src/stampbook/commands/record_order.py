"""Record an order; it may earn points, and enrol its customer."""

from msgspec import Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.members import Email, active_book, auto_enrol
from stampbook.core.orders import record
from stampbook.core.refusals import Refused
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order, Products
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Amount, Attributes, Key, Line, Tags
from stampbook.values.instants import Instant


class RecordOrder(Command, frozen=True, kw_only=True, omit_defaults=True):
    """An order as the shop knows it.

    Shapes: amounts keep the type that was sent; `attributes` are any others that rules may read.
    `ordered_at` is for orders of the past and is not after now. The names fill in the profile of a
    customer whom the order enrols.
    """

    order_id: Key
    member_id: Key
    order_subtotal: Amount
    order_total: Amount | None = None
    """None: the same as the subtotal."""
    currency: Line | None = None
    """None: the program's."""
    coupon_code: Line | None = None
    reason: Line | None = None
    tags: Tags | None = None
    products: Products | None = None
    status: Line | None = None
    financial_status: Line | None = None
    delivery_status: Line | None = None
    attributes: Attributes = {}
    ordered_at: Instant | None = None
    email_address: Email | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    phone_number: Line | None = None


class OrderRecorded(Struct, frozen=True, kw_only=True):
    """The order; the award that it earned, or why it earned nothing; the member after it."""

    order: Order
    transaction: Transaction | None
    refused: Refused | None
    member: Member


def _needs(command: RecordOrder) -> Needs:
    return Needs(members=(command.member_id,), orders=(command.order_id,))


def _decide(draft: Draft, command: RecordOrder) -> OrderRecorded | Refused:
    book = active_book(draft, command.member_id)
    if isinstance(book, Refused):
        book = auto_enrol(draft, command, book)
    if isinstance(book, Refused):
        return book
    recorded = record(draft, book, command)
    if isinstance(recorded, Refused):
        return recorded
    order, award, refused = recorded
    return OrderRecorded(order=order, transaction=award, refused=refused, member=book.member)


COMMAND = CommandType(
    command=RecordOrder, result=OrderRecorded, needs=_needs, decide=_decide, refusal=PointsRefused
)
