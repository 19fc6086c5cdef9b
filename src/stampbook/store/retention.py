"""Retention in the store: what has had its time goes, some rows and one transaction at a time.

Ids begin with the instant at which they were made, so what is old is the beginning of a primary
key, and no index is there for this. Each day a pass goes over the log from its beginning, where
little is left but what came to its end late. Facts stay, so a pass over them goes on where the last
one ended; what a fact says that was needed then goes with the delivery that needed it.

How far a part may be gone is written in the transaction that begins to delete, so whoever reads
both in one snapshot knows what to expect.

Source: decisions/0025.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.retention import Cuts
from stampbook.store.backend import Columns, Row, Unit
from stampbook.store.schema import METADATA
from stampbook.values.ids import ProgramId, first_cause, first_id, ms_of, ms_of_cause
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import encode_text

COLUMNS = (
    "program_id", "part", "before_ms", "cuts", "cursor", "rows", "position", "finished_at_ms",
)  # fmt: skip
KEY = ("program_id", "part")
PARTS_OF = (
    "SELECT part, before_ms, cuts, cursor, rows, position, finished_at_ms FROM retention "
    "WHERE program_id = ?"
)
PAGE = (
    "SELECT count(*), max(page.id) FROM (SELECT {key} AS id FROM {table} "
    "WHERE program_id = ? AND {key} > ? AND {key} < ? ORDER BY {key} LIMIT ?) AS page"
)
OLDEST = "SELECT min({key}) FROM {table} WHERE program_id = ?"
OF_PAGE = "WHERE program_id = ? AND {key} > ? AND {key} <= ?"

DELETE_DELIVERIES = f"""
DELETE FROM delivery {OF_PAGE.format(key="id")} AND (
    (status = 'delivered' AND delivered_at_ms < ?) OR (status = 'skipped' AND due_at_ms < ?)
    OR (status = 'failed' AND due_at_ms < ?))
RETURNING fact_id
"""
DELETE_ATTEMPTS = f"""
DELETE FROM attempt {OF_PAGE.format(key="id")}
AND (id < ? OR (id < ? AND status_code BETWEEN 200 AND 299))
"""
FACT: Columns = tuple(METADATA.tables["fact"].columns.keys())
BODY = FACT.index("body")
POSITION = FACT.index("position")
NOT_NEEDED = f"""
AND body <> '' AND NOT EXISTS (
    SELECT 1 FROM delivery AS d WHERE d.program_id = fact.program_id
    AND d.fact_id >= fact.id AND d.fact_id <= fact.id
    AND d.status NOT IN ('delivered', 'skipped'))
RETURNING {", ".join(FACT)}
"""
"""Nothing is still to be sent or may be sent again. A range, because SQLite without statistics
would look for one fact by the index on the program alone, which is all of them."""
TAKE_FACTS = f"DELETE FROM fact {OF_PAGE.format(key='id')} {NOT_NEEDED}"
TAKE_LEFT = f"DELETE FROM fact WHERE program_id = ? AND id IN (?*) {NOT_NEEDED}"
DELETE_TRACES = f"DELETE FROM trace {OF_PAGE.format(key='cause')}"


class Kept(Struct, frozen=True, kw_only=True):
    """What of a program is still there.

    Shapes: deliveries of facts from `log_from` on, and bodies of facts from `facts_from` on, both
    ids; of what is older some may be there. The last body that is gone stood at `position`.
    """

    log_from: str = ""
    facts_from: str = ""
    position: int = 0


class PartLine(Struct, frozen=True, kw_only=True):
    """How far a part is gone. `rows` counts what went; `oldest` is the first row that is left."""

    part: str
    before: Instant | None
    oldest: Instant | None
    rows: int
    finished_at: Instant | None


class Piece(Struct, frozen=True, kw_only=True):
    """One piece of work: rows that were looked at and rows that went, and how far it has come.

    Shapes: `part` is None when nothing is left to do.
    """

    looked: int = 0
    gone: int = 0
    part: str | None = None
    reached_ms: int = 0


class _Stage(Struct, frozen=True, kw_only=True):
    """A row of `retention`."""

    before_ms: int = 0
    cuts: str = ""
    cursor: str = ""
    rows: int = 0
    position: int = 0
    finished_at_ms: int | None = None


class _Gone(Struct, frozen=True):
    """What went of a page. `facts` are those of deliveries that went."""

    rows: int
    position: int = 0
    facts: tuple[str, ...] = ()


class _Part(Struct, frozen=True, kw_only=True):
    """A table that is cut.

    Shapes: `lowest` gives the first key of an instant and `time_of` the instant of a key, in
    milliseconds. `clear` lets go of a page of a program: after one key, up to another.
    """

    table: str
    key: str = "id"
    lowest: Callable[[int], str] = first_id
    time_of: Callable[[str], int] = ms_of
    before_ms: Callable[[Cuts], int]
    clear: Callable[[Unit, Row, Cuts], _Gone]
    is_log: bool = True
    """What is looked at again in the next pass, because it came to its end late."""

    def sql(self, text: str) -> str:
        return text.format(table=self.table, key=self.key)


def _log_ms(cuts: Cuts) -> int:
    return max(cuts.received_ms, cuts.failed_ms)


def _clear_deliveries(unit: Unit, page: Row, cuts: Cuts) -> _Gone:
    received_ms = cuts.received_ms
    rows = unit.rows(DELETE_DELIVERIES, (*page, received_ms, received_ms, cuts.failed_ms))
    return _Gone(len(rows), facts=tuple(row[0] for row in rows))


def _clear_attempts(unit: Unit, page: Row, cuts: Cuts) -> _Gone:
    values = (*page, first_id(cuts.failed_ms), first_id(cuts.received_ms))
    return _Gone(unit.run(DELETE_ATTEMPTS, values))


def _clear_facts(unit: Unit, page: Row, _: Cuts) -> _Gone:
    return _emptied(unit, unit.rows(TAKE_FACTS, page))


def _emptied(unit: Unit, facts: Sequence[Row]) -> _Gone:
    """Put facts back without their bodies.

    Shapes: an update would be less work, but SQLite would keep the space, a page for each fact.
    """
    unit.insert("fact", FACT, [(*fact[:BODY], "", *fact[BODY + 1 :]) for fact in facts])
    return _Gone(len(facts), max((fact[POSITION] for fact in facts), default=0))


def _clear_traces(unit: Unit, page: Row, _: Cuts) -> _Gone:
    return _Gone(unit.run(DELETE_TRACES, page))


PARTS: Mapping[str, _Part] = MappingProxyType(
    {
        "delivery": _Part(table="delivery", before_ms=_log_ms, clear=_clear_deliveries),
        "attempt": _Part(table="attempt", before_ms=_log_ms, clear=_clear_attempts),
        "fact": _Part(
            table="fact",
            before_ms=lambda cuts: cuts.facts_ms,
            clear=_clear_facts,
            is_log=False,
        ),
        "trace": _Part(
            table="trace",
            key="cause",
            lowest=first_cause,
            time_of=ms_of_cause,
            before_ms=lambda cuts: cuts.traces_ms,
            clear=_clear_traces,
        ),
    }
)


def kept(unit: Unit, program_id: ProgramId) -> Kept:
    """Give what of a program is still there."""
    stages = _stages(unit, program_id)
    log, facts = stages.get("delivery", _Stage()), stages.get("fact", _Stage())
    return Kept(
        log_from=first_id(log.before_ms),
        facts_from=first_id(facts.before_ms),
        position=facts.position,
    )


def go_on(unit: Unit, program_id: ProgramId, cuts: Cuts, *, at_ms: int, limit: int) -> Piece:
    """Look at some more rows that may have had their time, and let go of those that have.

    Units: `at_ms` is real time; `limit` is in rows.
    """
    unit.rows(unit.dialect.by_index)
    stages = _stages(unit, program_id, unit.dialect.lock)
    piece, left = Piece(), limit
    for name, part in PARTS.items():
        cut_ms = part.before_ms(cuts)
        stage = _due(stages.get(name, _Stage()), part, cuts)
        if stage is None:
            continue
        asked = (program_id, stage.cursor, part.lowest(cut_ms), left)
        [(looked, last)] = unit.rows(part.sql(PAGE), asked)
        page = (program_id, stage.cursor, last)
        gone = part.clear(unit, page, cuts) if looked else _Gone(0)
        _empty_left(unit, program_id, gone.facts, stages.get("fact"))
        is_finished = looked < left
        stage = replace(
            stage,
            cursor=last or stage.cursor,
            rows=stage.rows + gone.rows,
            position=max(stage.position, gone.position),
            finished_at_ms=at_ms if is_finished else None,
        )
        _save(unit, program_id, name, stage)
        left -= looked
        piece = Piece(
            looked=piece.looked + looked,
            gone=piece.gone + gone.rows,
            part=name,
            reached_ms=cut_ms if is_finished else part.time_of(last),
        )
        if not is_finished:
            break
    return piece


def lines(unit: Unit, program_id: ProgramId) -> list[PartLine]:
    """Give how far each part of a program is gone."""
    stages = _stages(unit, program_id)
    found: list[PartLine] = []
    for name, part in PARTS.items():
        stage = stages.get(name, _Stage())
        [(oldest,)] = unit.rows(part.sql(OLDEST), (program_id,))
        found.append(
            PartLine(
                part=name,
                before=from_ms(stage.before_ms) if stage.before_ms else None,
                oldest=None if oldest is None else from_ms(part.time_of(oldest)),
                rows=stage.rows,
                finished_at=None if stage.finished_at_ms is None else from_ms(stage.finished_at_ms),
            )
        )
    return found


def _stages(unit: Unit, program_id: ProgramId, lock: str = "") -> dict[str, _Stage]:
    return {
        part: _Stage(
            before_ms=before_ms,
            cuts=cuts,
            cursor=cursor,
            rows=rows,
            position=position,
            finished_at_ms=finished_at_ms,
        )
        for part, before_ms, cuts, cursor, rows, position, finished_at_ms in unit.rows(
            PARTS_OF + lock, (program_id,)
        )
    }


def _due(stage: _Stage, part: _Part, cuts: Cuts) -> _Stage | None:
    """Give where to go on, in a new pass if the cuts are others; None for nothing."""
    cut_ms, asked = part.before_ms(cuts), encode_text(cuts)
    if not cut_ms:
        return None
    if asked == stage.cuts:
        return stage if stage.finished_at_ms is None else None
    return replace(
        stage,
        before_ms=max(cut_ms, stage.before_ms),
        cuts=asked,
        cursor="" if part.is_log else stage.cursor,
        finished_at_ms=None,
    )


def _empty_left(
    unit: Unit, program_id: ProgramId, facts: Sequence[str], stage: _Stage | None
) -> None:
    """Empty facts that a pass has left behind, because a delivery needed them that has gone."""
    left = [] if stage is None else sorted({fact for fact in facts if fact <= stage.cursor})
    if left:
        _emptied(unit, unit.rows(TAKE_LEFT, (program_id, left)))


def _save(unit: Unit, program_id: ProgramId, part: str, stage: _Stage) -> None:
    row = (
        program_id, part, stage.before_ms, stage.cuts, stage.cursor, stage.rows, stage.position,
        stage.finished_at_ms,
    )  # fmt: skip
    unit.upsert("retention", COLUMNS, [row], KEY)
