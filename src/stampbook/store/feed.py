"""Feed: facts in the order of their commits, so that a reader who goes on misses none.

Shapes: a transaction that is still open may commit facts before those that are already there; the
feed stops where that begins, and shows them when it is over.
"""

from typing import Any

from msgspec import Raw, Struct

from stampbook.store.backend import POSITION_BITS, Row, Unit
from stampbook.values.ids import FactId, MemberId, ProgramId
from stampbook.values.instants import Instant, from_ms

FACTS = (
    "SELECT position, id, type, sequence, occurred_at_ms, recorded_at_ms, cause, body "
    "FROM fact WHERE program_id = ?"
)


class FactRecord(Struct, frozen=True, kw_only=True):
    """A fact as it is stored."""

    id: FactId
    type: str
    sequence: int
    """Counts the member's facts from 1 without a gap."""
    occurred_at: Instant
    """The program's time."""
    recorded_at: Instant
    """Real time."""
    cause: str
    """The request or the job that made it happen."""
    data: Raw
    """The `data` of the native webhook of this type."""


def facts_after(
    unit: Unit,
    program_id: ProgramId,
    position: int,
    limit: int,
    *,
    kind: str | None = None,
    member: MemberId | None = None,
) -> list[tuple[int, FactRecord]]:
    """Give the next facts after a position, each with its own."""
    sql, values = f"{FACTS} AND position > ?", list[Any]((program_id, position))
    if unit.dialect.name == "postgresql":
        sql += f" AND position < ({unit.dialect.horizon} << {POSITION_BITS})"
    for condition, value in (("type = ?", kind), ("member = ?", member)):
        if value is not None:
            sql += f" AND {condition}"
            values.append(value)
    rows = unit.rows(f"{sql} ORDER BY position LIMIT ?", (*values, limit))
    return [(row[0], _fact(row)) for row in rows]


def facts_of(
    unit: Unit, program_id: ProgramId, member: MemberId, before: int | None, limit: int
) -> list[FactRecord]:
    """Give facts of a member, newest first, with a sequence below `before`."""
    sql, values = f"{FACTS} AND member = ?", list[Any]((program_id, member))
    if before is not None:
        sql += " AND sequence < ?"
        values.append(before)
    return [
        _fact(row) for row in unit.rows(f"{sql} ORDER BY sequence DESC LIMIT ?", (*values, limit))
    ]


def _fact(row: Row) -> FactRecord:
    _, fact_id, kind, sequence, occurred_at_ms, recorded_at_ms, cause, body = row
    return FactRecord(
        id=fact_id,
        type=kind,
        sequence=sequence,
        occurred_at=from_ms(occurred_at_ms),
        recorded_at=from_ms(recorded_at_ms),
        cause=cause,
        data=Raw(body),
    )
