"""Import kinds: members and orders, how to look them up, and when a row says nothing new."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from stampbook.commands import Command
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.core.purchases import received
from stampbook.core.refusals import MEMBER_EXISTS, ORDER_ALREADY_RECORDED, RefusalCode
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.store.backend import Unit
from stampbook.values.amounts import Amount
from stampbook.values.ids import ProgramId
from stampbook.values.json import canonical, decode
from stampbook.values.money import to_minor

KindName = Literal["members", "orders"]

MEMBERS = (
    "SELECT body FROM member WHERE program_id = ? AND member_id IN (?*) AND status <> 'deleted'"
)
ORDERS = "SELECT body FROM customer_order WHERE program_id = ? AND order_id IN (?*)"

MEASURED = ("order_id", "order_subtotal", "order_total", "currency", "discount", "tax")
"""Attributes of an order that are compared as amounts, whatever type they were sent with."""


class ImportKind(Struct, frozen=True, kw_only=True):
    """What can be imported.

    Shapes: `stored` gives the records that exist among some keys; `differences` names the fields
    in which a command says something else than the record does; `taken` is the refusal that such
    a command gets.
    """

    name: KindName
    command: type[Command]
    key: Callable[[Any], str]
    stored: Callable[[Unit, ProgramId, Sequence[str]], Mapping[str, Any]]
    differences: Callable[[Any, Any], tuple[str, ...]]
    taken: RefusalCode


def _stored_members(unit: Unit, program_id: ProgramId, keys: Sequence[str]) -> Mapping[str, Member]:
    found = (decode(body, Member) for (body,) in unit.rows(MEMBERS, (program_id, keys)))
    return {member.member_id: member for member in found}


def _stored_orders(unit: Unit, program_id: ProgramId, keys: Sequence[str]) -> Mapping[str, Order]:
    found = (decode(body, Order) for (body,) in unit.rows(ORDERS, (program_id, keys)))
    return {order.order_id: order for order in found}


def _member_differences(command: EnrollMember, member: Member) -> tuple[str, ...]:
    """Compare what the row gives; what it leaves out is not compared."""
    given = {
        field.name: getattr(command, field.name)
        for field in fields(EnrollMember)
        if getattr(command, field.name) != field.default
    }
    return tuple(name for name, value in given.items() if not _says(getattr(member, name), value))


def _says(known: Any, given: Any) -> bool:
    """Say whether a record holds what is given: of a table, each name that is given."""
    match given:
        case dict():
            parts = cast("dict[str, Any]", given).items()
            return all(known.get(name) == value for name, value in parts)
        case Struct():
            parts = msgspec.structs.asdict(given).items()
            return all(value in {None, getattr(known, name)} for name, value in parts)
        case _:
            return known == given


def _order_differences(command: RecordOrder, order: Order) -> tuple[str, ...]:
    """Compare what was bought; the status of an order may have changed since."""
    currency = order.currency
    total = command.order_subtotal if command.order_total is None else command.order_total
    sent, known = received(command), dict(order.attributes)
    for name in MEASURED:
        sent.pop(name, None)
        known.pop(name, None)
    same = {
        "member_id": command.member_id == order.member_id,
        "currency": (command.currency or order.currency).upper() == order.currency,
        "order_subtotal": to_minor(command.order_subtotal, currency)
        == to_minor(order.subtotal, currency),
        "order_total": to_minor(total, currency) == to_minor(order.total, currency),
        "discount": _is_amount(command.discount, order.discount, currency),
        "tax": _is_amount(command.tax, order.tax, currency),
        "ordered_at": command.ordered_at in {None, order.created_at},
        **{
            name: canonical(sent.get(name)) == canonical(known.get(name))
            for name in sorted(sent.keys() | known.keys())
        },
    }
    return tuple(name for name, is_same in same.items() if not is_same)


def _is_amount(given: Amount | None, known: float | None, currency: str) -> bool:
    if given is None or known is None:
        return given is known
    return to_minor(given, currency) == to_minor(known, currency)


KINDS: Mapping[KindName, ImportKind] = {
    "members": ImportKind(
        name="members",
        command=EnrollMember,
        key=lambda command: command.member_id,
        stored=_stored_members,
        differences=_member_differences,
        taken=MEMBER_EXISTS,
    ),
    "orders": ImportKind(
        name="orders",
        command=RecordOrder,
        key=lambda command: command.order_id,
        stored=_stored_orders,
        differences=_order_differences,
        taken=ORDER_ALREADY_RECORDED,
    ),
}
