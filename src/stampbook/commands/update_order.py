"""Change the status, payment or delivery of an order."""

from msgspec import UNSET, Struct, UnsetType

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.orders import known_order, update
from stampbook.core.refusals import Refused
from stampbook.nouns.order import Order
from stampbook.values.amounts import Key, Line


class UpdateOrder(Command, frozen=True, kw_only=True):
    """Changes to an order: a field that is absent stays."""

    order_id: Key
    status: Line | None | UnsetType = UNSET
    financial_status: Line | None | UnsetType = UNSET
    delivery_status: Line | None | UnsetType = UNSET


class OrderUpdated(Struct, frozen=True, kw_only=True):
    """The order after the change, and which fields changed."""

    order: Order
    changed: tuple[str, ...]


def _needs(command: UpdateOrder) -> Needs:
    return Needs(orders=(command.order_id,))


def _decide(draft: Draft, command: UpdateOrder) -> OrderUpdated | Refused:
    found = known_order(draft, command.order_id)
    if isinstance(found, Refused):
        return found
    book, order = found
    fields = {
        name: getattr(command, name)
        for name in ("status", "financial_status", "delivery_status")
        if getattr(command, name) is not UNSET
    }
    order, changed = update(draft, book, order, fields)
    return OrderUpdated(order=order, changed=changed)


COMMAND = CommandType(command=UpdateOrder, result=OrderUpdated, needs=_needs, decide=_decide)
