"""The opening of a batch: all that can be asked before anything is locked, in one round trip."""

from collections.abc import Collection, Sequence
from typing import Any

from msgspec import Struct

from stampbook.store.asked import Asked
from stampbook.store.backend import POSITION_BITS, Statement, Unit
from stampbook.store.subscriptions import ENDPOINTS, Subscription, subscription
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import to_ms

PROGRAM = "SELECT clock, now_ms, version FROM program WHERE id = ?"
POSITION = "SELECT max(position) FROM fact WHERE program_id = ? AND position >= ?"
KEYS = (
    "SELECT principal, key, request_hash, outcome FROM idempotency "
    "WHERE program_id = ? AND principal IN (?*) AND key IN (?*)"
)
TRANSACTION_OWNERS = "SELECT member FROM points_transaction WHERE program_id = ? AND id IN (?*)"
ORDER_OWNERS = "SELECT member FROM customer_order WHERE program_id = ? AND order_id IN (?*)"
COUPON_OWNERS = "SELECT member FROM coupon WHERE program_id = ? AND code IN (?*)"
DUE = (
    "SELECT id FROM member WHERE program_id = ? AND due_at_ms > 0 AND due_at_ms <= ? "
    "ORDER BY due_at_ms, id LIMIT ?"
)

KeyOfCaller = tuple[str, str]
"""A principal and its idempotency key."""


class Stored(Struct, frozen=True, order=True):
    """The outcome that an idempotency key has, and the hash of the request that it answered."""

    request_hash: str
    outcome: str


class Opening(Struct, frozen=True, kw_only=True):
    """What a batch knows before it locks its members.

    Shapes: `now_ms` is set for a test clock; `position` is that of the next fact but for what
    other transactions still write; `owners` are members whom the commands name by what they own.
    """

    program_id: ProgramId
    now_ms: int | None
    version: int
    position: int
    subscriptions: tuple[Subscription, ...]
    outcomes: dict[KeyOfCaller, Stored]
    owners: frozenset[MemberId]
    due: tuple[MemberId, ...]


def open_batch(
    unit: Unit,
    program_id: ProgramId,
    asked: Asked,
    *,
    keys: Collection[KeyOfCaller] = (),
    lock: str = "",
) -> Opening | None:
    """Read what a batch needs before it locks; None when there is no such program.

    Shapes: `lock` ends the query of the program's row: one of the words of `Dialect`, or nothing.
    """
    first = unit.number << POSITION_BITS
    queries: dict[str, Statement] = {
        "program": (PROGRAM + lock, (program_id,)),
        "position": (POSITION, (program_id, first)),
        "endpoints": (ENDPOINTS, (program_id,)),
    }
    if keys:
        principals = sorted({principal for principal, _ in keys})
        queries["keys"] = (KEYS, (program_id, principals, sorted({key for _, key in keys})))
    queries.update(_owner_queries(program_id, asked))
    found = dict(zip(queries, unit.gather(list(queries.values())), strict=True))
    if not found["program"]:
        return None
    [(_, now_ms, version)] = found["program"]
    [(position,)] = found["position"]
    return Opening(
        program_id=program_id,
        now_ms=now_ms,
        version=version,
        position=first + 1 if position is None else position + 1,
        subscriptions=tuple(subscription(*row) for row in found["endpoints"]),
        outcomes={
            (principal, key): Stored(request_hash, outcome)
            for principal, key, request_hash, outcome in found.get("keys", ())
        },
        owners=frozenset(row[0] for name in OWNERS for row in found.get(name, ())),
        due=tuple(row[0] for row in found.get("due", ())),
    )


OWNERS = ("transactions", "orders", "coupons")


def _owner_queries(program_id: ProgramId, asked: Asked) -> dict[str, Statement]:
    queries: dict[str, Statement] = {}
    wanted: Sequence[tuple[str, str, Sequence[Any]]] = (
        ("transactions", TRANSACTION_OWNERS, asked.transactions),
        ("orders", ORDER_OWNERS, asked.orders),
        ("coupons", COUPON_OWNERS, asked.coupons),
    )
    for name, sql, keys in wanted:
        if keys:
            queries[name] = (sql, (program_id, keys))
    if asked.due is not None:
        queries["due"] = (DUE, (program_id, to_ms(asked.due.until), asked.due.limit))
    return queries
