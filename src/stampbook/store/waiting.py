"""Waiting: which deliveries of an endpoint may be leased now, asked in one query.

Where nothing is ordered, they are taken by when they are due. Where order is kept, a delivery is
blocked while an earlier one of its order key is leased or waits to be tried again, and what is
taken of an order key is its beginning, in the order of the facts, whatever was due when: the
clocks of two processes may differ. A retry that is due later than what stands behind it goes alone
and takes its own turn among the order keys: what is behind it would give it the first, every time.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from stampbook.core.lease import EndpointKey
from stampbook.store.backend import POSITION_BITS, Dialect, Statement

COLUMNS = """
SELECT d.id, d.position AS position, d.attempts, d.due_at_ms, d.request_id, d.order_key, d.sequence,
    f.id, f.type, f.cause, f.occurred_at_ms, f.recorded_at_ms, f.body
"""
FACT = "JOIN fact AS f ON f.program_id = d.program_id AND f.id = d.fact_id"
OF_ENDPOINT = "d.program_id = ? AND d.endpoint_id = ? AND d.status IN ('pending', 'leased')"
WAITING = f"{COLUMNS} FROM delivery AS d {FACT} WHERE {OF_ENDPOINT}"
TOGETHER = f"{WAITING} AND d.due_at_ms = ? AND d.request_id = ? ORDER BY d.position"
"""What is one request already."""

DUE = """
d.due_at_ms <= ? AND (d.due_at_ms <= ? OR d.request_id IS NULL)
AND coalesce(d.leased_until_ms, 0) <= ?
"""
UNBLOCKED = """
NOT EXISTS (
    SELECT 1 FROM delivery AS earlier
    WHERE earlier.program_id = d.program_id AND earlier.endpoint_id = d.endpoint_id
    AND earlier.order_key = d.order_key AND earlier.status IN ('pending', 'leased')
    AND earlier.position < d.position
    AND (earlier.due_at_ms > ? OR earlier.leased_until_ms > ? OR (earlier.request_id IS NOT NULL
        AND (earlier.due_at_ms > ? OR earlier.due_at_ms > d.due_at_ms)))
    LIMIT 1 OFFSET 0)
"""
"""The offset keeps PostgreSQL from joining instead, for which it would read all that waits."""
OLDEST_FIRST = "ORDER BY d.due_at_ms, d.position LIMIT ?"

OF_MEMBERS = f"""
SELECT d.id, d.order_key, d.position, d.due_at_ms FROM delivery AS d
WHERE {OF_ENDPOINT} AND {DUE} AND {UNBLOCKED} {OLDEST_FIRST}
"""
OF_ALL = f"""
SELECT d.id, d.order_key, d.position, d.due_at_ms FROM (
    SELECT d.* FROM delivery AS d WHERE {OF_ENDPOINT} AND d.order_key = ''
    ORDER BY d.position LIMIT ?) AS d
WHERE {DUE} AND {UNBLOCKED} {{committed}}
UNION ALL
SELECT d.id, d.order_key, d.position, d.due_at_ms FROM (
    SELECT d.* FROM delivery AS d WHERE {OF_ENDPOINT} AND {DUE} {OLDEST_FIRST}) AS d
WHERE (d.order_key IS NULL OR d.order_key > '') AND {UNBLOCKED}
"""
"""The first of all; a long queue behind one that is blocked is not looked through. And what was
stored before the endpoint wanted an order."""
COMMITTED = (
    "AND d.position < "
    f"(({{horizon}} + (SELECT epoch FROM program WHERE id = ?)) << {POSITION_BITS})"
)
"""Before every fact that a transaction may still add in front of others; PostgreSQL only."""

BEGINNINGS = f"{OF_ENDPOINT} AND d.order_key = kept.order_key AND d.position <= kept.last"
BEGINNING = {
    "sqlite": f"delivery AS d {FACT} WHERE {BEGINNINGS}",
    "postgresql": f"LATERAL (SELECT * FROM delivery AS d WHERE {BEGINNINGS} OFFSET 0) AS d {FACT}",
}
IN_ORDER = f"""
WITH chosen AS ({{chosen}})
{COLUMNS}, d.due_at_ms AS since FROM delivery AS d {FACT}
WHERE {OF_ENDPOINT} AND d.id IN (SELECT id FROM chosen WHERE order_key IS NULL)
UNION ALL
{COLUMNS}, kept.since FROM (
    SELECT order_key, max(position) AS last, min(due_at_ms) AS since FROM chosen
    WHERE order_key IS NOT NULL GROUP BY order_key) AS kept
CROSS JOIN {{beginning}}
ORDER BY since, position LIMIT ?
"""
"""With what is chosen goes all that stands before it in its order, and is cut off last where
the order key is due last."""


class Look(Struct, frozen=True, kw_only=True):
    """How far one lease looks: at so many of an endpoint's deliveries, and so far ahead."""

    endpoint: EndpointKey
    ordering: str
    limit: int
    now_ms: int
    wait_ms: int = 0
    """What is due within it may go with others before it is due, unless it was sent before."""


def waiting(dialect: Dialect, look: Look) -> Statement:
    """Give the query of what may be leased."""
    key, limit = look.endpoint, look.limit
    due = (look.now_ms + look.wait_ms, look.now_ms, look.now_ms)
    if look.ordering == "none":
        return f"{WAITING} AND {DUE} {OLDEST_FIRST}", (*key, *due, limit)
    chosen: Sequence[Any] = (*key, *due, *due, limit)
    if look.ordering == "endpoint":
        program = (key.program_id,) if dialect.name == "postgresql" else ()
        chosen = (*key, limit, *due, *due, *program, *key, *due, limit, *due)
    return _in_order(dialect, look.ordering), (*chosen, *key, *key, limit)


@cache
def _in_order(dialect: Dialect, ordering: str) -> str:
    chosen = OF_MEMBERS
    if ordering == "endpoint":
        is_postgres = dialect.name == "postgresql"
        committed = COMMITTED.format(horizon=dialect.horizon) if is_postgres else ""
        chosen = OF_ALL.format(committed=committed)
    return IN_ORDER.format(chosen=chosen, beginning=BEGINNING[dialect.name])
