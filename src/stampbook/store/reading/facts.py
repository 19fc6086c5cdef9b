"""Facts as the feed gives them.

The feed follows the order of commits and never skips: on PostgreSQL it stops before the first
transaction that may still be running. Facts of one member stand in the order of their sequence.
"""

from collections.abc import Sequence

from msgspec import Raw, Struct

from stampbook.store.backend import POSITION_BITS, Row, Unit
from stampbook.store.reading.page import Page, cursor_of, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.store.retention import kept
from stampbook.values.ids import FactId, MemberId, ProgramId
from stampbook.values.instants import Instant, from_ms

SELECT = (
    "SELECT position, id, type, member, sequence, occurred_at_ms, recorded_at_ms, cause, body "
    "FROM fact"
)
EPOCH = "(SELECT epoch FROM program WHERE id = ?)"
HORIZON = f"SELECT ({{horizon}} + epoch) << {POSITION_BITS} FROM program WHERE id = ?"
LAST = "SELECT coalesce(max(position), 0) FROM fact WHERE program_id = ?"
EXPIRED = b"null"
"""What a fact says that has had its time."""


class FactsExpiredError(Exception):
    """What stands behind a cursor has had its time; `next` is a cursor to the facts that have not.

    Shapes: a fact behind `next` may have had its time too by the time it is used.
    """

    def __init__(self, following: str) -> None:
        super().__init__("facts behind the cursor have had their time")
        self.next = following


class FactLine(Struct, frozen=True, kw_only=True):
    """A fact; `data` is its structure as JSON, as the native dialect sends it.

    Shapes: of a fact that has had its time `data` is null.
    """

    id: FactId
    type: str
    member: MemberId
    sequence: int
    occurred_at: Instant
    recorded_at: Instant
    cause: str
    data: Raw


class Feed(Struct, frozen=True):
    """Some facts, and the cursor to go on from; there is always one, for there will be more."""

    items: tuple[FactLine, ...]
    next: str
    has_more: bool
    """Whether to ask again at once."""


def feed(
    unit: Unit,
    program_id: ProgramId,
    *,
    types: Sequence[str] = (),
    limit: int,
    after: str | None = None,
) -> Feed:
    """Give the facts of a program after a cursor, in the order of their commits.

    Shapes: without a cursor it begins with the first fact that is kept.
    Errors: CursorError; FactsExpiredError, so that a reader who misses facts knows it.
    """
    position = key_of(after, int)[0] if after else kept(unit, program_id).position
    query = Query(SELECT, program_id).where("position > ?", position)
    if unit.dialect.name == "postgresql":
        query.where(
            f"position < (({unit.dialect.horizon} + {EPOCH}) << {POSITION_BITS})", program_id
        )
    if types:
        query.where("type IN (?*)", list(types))
    rows = query.rows(unit, "ORDER BY position LIMIT ?", limit + 1)
    shown = _until_expired(rows[:limit])
    if rows and not shown:
        raise FactsExpiredError(cursor_of(kept(unit, program_id).position))
    last = shown[-1][0] if shown else position
    return Feed(tuple(_fact(row) for row in shown), cursor_of(last), len(rows) > len(shown))


def _until_expired(rows: Sequence[Row]) -> Sequence[Row]:
    """Give the rows before the first that has had its time."""
    lost = next((place for place, row in enumerate(rows) if not row[-1]), len(rows))
    return rows[:lost]


def last_settled(unit: Unit, program_id: ProgramId) -> int:
    """Give a position before which no fact will be stored any more: where the feed ends.

    Shapes: later facts may be committed already.
    """
    if unit.dialect.name == "postgresql":
        [(first_open,)] = unit.rows(HORIZON.format(horizon=unit.dialect.horizon), (program_id,))
        return first_open - 1
    [(last,)] = unit.rows(LAST, (program_id,))
    return last


def facts_of(
    unit: Unit, program_id: ProgramId, member: MemberId, *, limit: int, after: str | None = None
) -> Page[FactLine]:
    """Give a member's facts, the newest first.

    Errors: CursorError.
    """
    query = Query(SELECT, program_id).where("member = ?", member)
    query.given("sequence < ?", key_of(after, int)[0] if after else None)
    rows = query.rows(unit, "ORDER BY sequence DESC LIMIT ?", limit + 1)
    return page_of(rows, limit, _fact, lambda row: row[4:5])


def find_fact(unit: Unit, program_id: ProgramId, fact_id: str) -> FactLine | None:
    """Give a fact by its id."""
    rows = Query(SELECT, program_id).where("id = ?", fact_id).rows(unit, "")
    return _fact(rows[0]) if rows else None


def _fact(row: Row) -> FactLine:
    _, fact_id, kind, member, sequence, occurred_at_ms, recorded_at_ms, cause, body = row
    return FactLine(
        id=fact_id,
        type=kind,
        member=member,
        sequence=sequence,
        occurred_at=from_ms(occurred_at_ms),
        recorded_at=from_ms(recorded_at_ms),
        cause=cause,
        data=Raw(body or EXPIRED),
    )
