"""Tell what the shop says of an order now: its statuses, tags, and what was refunded so far."""

from msgspec import UNSET, Struct, UnsetType

from stampbook.commands import Command, CommandType, Needs
from stampbook.core.draft import Draft
from stampbook.core.order_news import changed
from stampbook.core.orders import known_order, update
from stampbook.core.refusals import Refused
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import Transaction
from stampbook.values.amounts import Amount, Key, Line, Link, Tags
from stampbook.values.instants import Instant

UPDATED = (
    "status", "financial_status", "delivery_status", "tags", "refunded", "name", "payment_source",
    "payment_medium", "link",
)  # fmt: skip


class UpdateOrder(Command, frozen=True, kw_only=True):
    """What the shop says of an order: a field that is absent stays.

    Shapes: `refunded` is all the money that went back so far, in the order's currency, and never
    goes down. `updated_at` is when the shop said this: an older update sets no field that a newer
    one has set. It may be sent again.
    """

    order_id: Key
    status: Line | None | UnsetType = UNSET
    financial_status: Line | None | UnsetType = UNSET
    delivery_status: Line | None | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    refunded: Amount | UnsetType = UNSET
    name: Line | None | UnsetType = UNSET
    payment_source: Line | None | UnsetType = UNSET
    payment_medium: Line | None | UnsetType = UNSET
    link: Link | None | UnsetType = UNSET
    updated_at: Instant | None = None


class OrderUpdated(Struct, frozen=True, kw_only=True):
    """The order after the change, which fields changed, and what followed.

    Shapes: `transaction` is the award that it earns now, or what was deducted; `refused` says why
    an order that counts now earned nothing.
    """

    order: Order
    changed: tuple[str, ...]
    transaction: Transaction | None = None
    refused: Refused | None = None
    member: Member


def _needs(command: UpdateOrder) -> Needs:
    return Needs(orders=(command.order_id,))


def _decide(draft: Draft, command: UpdateOrder) -> OrderUpdated | Refused:
    found = known_order(draft, command.order_id)
    if isinstance(found, Refused):
        return found
    book, order = found
    sent = {name: getattr(command, name) for name in UPDATED}
    fields = {name: value for name, value in sent.items() if value is not UNSET}
    effects = update(draft, book, order, fields, said_at=command.updated_at)
    if isinstance(effects, Refused):
        return effects
    return OrderUpdated(
        order=effects.order,
        changed=changed(order, effects.order),
        transaction=effects.transaction,
        refused=effects.refused,
        member=book.member,
    )


COMMAND = CommandType(
    command=UpdateOrder, result=OrderUpdated, needs=_needs, decide=_decide, refusal=PointsRefused
)
