"""Located: the record that an id of ours names, whatever kind of record it is.

Members, transactions, lots, referrals, reviews and facts are kept by their ids. Orders are kept by
the shop's ids and coupons by their codes, and need no index for this: an id begins like the ids of
all that its command made, so the facts and transactions of that command name them.

Source: decisions/0019.
"""

from collections.abc import Iterator
from typing import Any, Literal, cast

from msgspec import Raw, Struct

from stampbook.core.definition import Definition
from stampbook.store.backend import Unit
from stampbook.store.reading.facts import EXPIRED
from stampbook.store.reading.webhooks import attempts
from stampbook.values.ids import INDEX_BITS, ProgramId, RequestId
from stampbook.values.json import decode, encode
from stampbook.values.uuids import DefinedKind, defined_id

LocatedKind = Literal[
    "member",
    "transaction",
    "referral",
    "review",
    "fact",
    "order",
    "coupon",
    "lot",
    "activity",
    "reward",
    "coupon_offer",
    "request",
]

BY_ID: dict[LocatedKind, str] = {
    "member": "SELECT member_id, body FROM member WHERE program_id = ? AND id = ?",
    "transaction": "SELECT id, body FROM points_transaction WHERE program_id = ? AND id = ?",
    "lot": "SELECT id, body FROM lot WHERE program_id = ? AND id = ?",
    "referral": "SELECT id, body FROM referral WHERE program_id = ? AND id = ?",
    "review": "SELECT id, body FROM review WHERE program_id = ? AND id = ?",
    "fact": "SELECT id, body FROM fact WHERE program_id = ? AND id = ?",
}
BY_KEY: dict[LocatedKind, str] = {
    "order": "SELECT order_id, body FROM customer_order WHERE program_id = ? AND order_id = ?",
    "coupon": "SELECT code, body FROM coupon WHERE program_id = ? AND code = ?",
}
TOGETHER = (
    "SELECT body FROM fact WHERE program_id = ? AND id >= ? AND id <= ? AND body LIKE ?",
    "SELECT body FROM points_transaction WHERE program_id = ? AND id >= ? AND id <= ?",
)
"""What the same command made; a fact must name the id, a transaction may name its coupon's code."""

OFFERS: dict[DefinedKind, LocatedKind] = {
    "activity": "activity",
    "reward": "reward",
    "coupon": "coupon_offer",
}


class Located(Struct, frozen=True, kw_only=True):
    """A record, and the key by which the API knows it."""

    kind: LocatedKind
    key: str
    record: Raw


def locate(unit: Unit, program_id: ProgramId, id_: str, definition: Definition) -> Located | None:
    """Give what an id names, as it was stored last; None when it is no record of the program."""
    for kind, sql in BY_ID.items():
        for key, body in unit.rows(sql, (program_id, id_)):
            return Located(kind=kind, key=key, record=Raw(body.encode() or EXPIRED))
    return (
        _made_together(unit, program_id, id_)
        or _defined(program_id, id_, definition)
        or _request(unit, program_id, id_)
    )


def key_of_member(unit: Unit, program_id: ProgramId, id_: str) -> str | None:
    """Give the merchant's key of a member by our id."""
    rows = unit.rows(BY_ID["member"], (program_id, id_))
    return rows[0][0] if rows else None


def _made_together(unit: Unit, program_id: ProgramId, id_: str) -> Located | None:
    first = int(id_, 16) >> INDEX_BITS << INDEX_BITS
    span = (f"{first:024x}", f"{first + (1 << INDEX_BITS) - 1:024x}")
    facts, transactions = TOGETHER
    rows = [
        *unit.rows(facts, (program_id, *span, f"%{id_}%")),
        *unit.rows(transactions, (program_id, *span)),
    ]
    for (body,) in rows:
        for kind, key in _named(decode(body, dict[str, Any])):
            found = _record(unit, program_id, kind, key, id_)
            if found is not None:
                return found
    return None


def _named(tree: Any) -> Iterator[tuple[LocatedKind, str]]:
    """Give the orders and coupons that a record names."""
    if isinstance(tree, list):
        for value in cast("list[Any]", tree):
            yield from _named(value)
    if not isinstance(tree, dict):
        return
    fields = cast("dict[str, Any]", tree)
    if isinstance(fields.get("order_id"), str):
        yield "order", fields["order_id"]
    for name in ("code", "coupon_code"):
        if isinstance(fields.get(name), str):
            yield "coupon", fields[name]
    for value in fields.values():
        yield from _named(value)


def _record(
    unit: Unit, program_id: ProgramId, kind: LocatedKind, key: str, id_: str
) -> Located | None:
    for found_key, body in unit.rows(BY_KEY[kind], (program_id, key)):
        if decode(body, dict[str, Any]).get("id") == id_:
            return Located(kind=kind, key=found_key, record=Raw(body.encode()))
    return None


def _request(unit: Unit, program_id: ProgramId, id_: str) -> Located | None:
    """Give the last try of a webhook's request."""
    tried = attempts(unit, program_id, request_id=RequestId(id_), limit=1).items
    return Located(kind="request", key=id_, record=Raw(encode(tried[0]))) if tried else None


def _defined(program_id: ProgramId, id_: str, definition: Definition) -> Located | None:
    offers: dict[DefinedKind, tuple[Any, ...]] = {
        "activity": definition.activities,
        "reward": definition.rewards,
        "coupon": definition.coupons,
    }
    for kind, items in offers.items():
        for item in items:
            if defined_id(program_id, kind, item.id) == id_:
                return Located(kind=OFFERS[kind], key=item.id, record=Raw(encode(item)))
    return None
