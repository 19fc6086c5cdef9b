"""Take back what an order earned: in full, by amount, or by product and quantity."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.orders import known_order
from stampbook.core.refusals import Refused
from stampbook.core.returns import ReturnedProduct, take_back
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Amount, Key, Line


class ReturnOrder(Command, frozen=True, kw_only=True):
    """A return: of an amount, of products, or, when neither is given, of all that is left."""

    order_id: Key
    returned_amount: Amount | None = None
    returned_products: Annotated[tuple[ReturnedProduct, ...], Meta(max_length=500)] = ()
    reason: Line = "return"


class OrderReturned(Struct, frozen=True, kw_only=True):
    """The order, what was deducted (None when nothing was due), and the member after it."""

    order: Order
    transaction: Transaction | None
    member: Member


def _needs(command: ReturnOrder) -> Needs:
    return Needs(orders=(command.order_id,))


def _decide(draft: Draft, command: ReturnOrder) -> OrderReturned | Refused:
    found = known_order(draft, command.order_id)
    if isinstance(found, Refused):
        return found
    book, order = found
    returned = take_back(
        draft, book, order, command.returned_amount, command.returned_products, command.reason
    )
    if isinstance(returned, Refused):
        return returned
    return OrderReturned(order=returned.order, transaction=returned.transaction, member=book.member)


COMMAND = CommandType(
    command=ReturnOrder, result=OrderReturned, needs=_needs, decide=_decide, refusal=PointsRefused
)
