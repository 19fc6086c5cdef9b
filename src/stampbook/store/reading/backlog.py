"""The backlog: what is due to each endpoint and was not sent yet, and what replays have left."""

from typing import get_args

from msgspec import Struct

from stampbook.core.health import HealthState
from stampbook.core.replays import ReplayKind
from stampbook.store.backend import Unit
from stampbook.values.ids import EndpointId, ProgramId

COUNTED_MAX = 10_000
"""Deliveries of one endpoint that are counted; of more it is only known that they are so many."""

WAITS = (
    "FROM delivery AS d WHERE d.program_id = e.program_id AND d.endpoint_id = e.id "
    "AND d.status IN ('pending', 'leased') AND d.due_at_ms <= ?"
)
BACKLOGS = f"""
SELECT e.program_id, e.id, e.dialect,
    CASE WHEN e.status = 'active' THEN coalesce(l.state, 'healthy') ELSE 'disabled' END,
    (SELECT count(*) FROM (SELECT 1 {WAITS} LIMIT {COUNTED_MAX}) AS counted),
    (SELECT min(d.due_at_ms) {WAITS})
FROM endpoint AS e LEFT JOIN lane AS l ON l.program_id = e.program_id AND l.endpoint_id = e.id
ORDER BY e.program_id, e.id
"""


PROGRESS = """
SELECT kind, count(*), sum(CASE WHEN matched > queued THEN matched - queued ELSE 0 END)
FROM replay WHERE state = 'running' GROUP BY kind
"""


class Progress(Struct, frozen=True, kw_only=True):
    """How many replays of a kind run, and how many facts those have left of what they counted."""

    kind: ReplayKind
    running: int
    left: int


class Backlog(Struct, frozen=True, kw_only=True):
    """What waits for an endpoint.

    Shapes: `due` stops at COUNTED_MAX. Units: `late_ms` since the first of them was due.
    """

    program_id: ProgramId
    endpoint_id: EndpointId
    dialect: str
    state: HealthState
    due: int
    late_ms: int


def backlogs(unit: Unit, now_ms: int) -> list[Backlog]:
    """Give what is due to every endpoint. Units: `now_ms` is real time."""
    return [
        Backlog(
            program_id=program_id,
            endpoint_id=endpoint_id,
            dialect=dialect,
            state=state,
            due=due,
            late_ms=0 if first_ms is None else now_ms - first_ms,
        )
        for program_id, endpoint_id, dialect, state, due, first_ms in unit.rows(
            BACKLOGS, (now_ms, now_ms)
        )
    ]


def progress(unit: Unit) -> list[Progress]:
    """Give how far the replays that run are, each kind once."""
    found = {kind: (running, left) for kind, running, left in unit.rows(PROGRESS)}
    kinds: tuple[ReplayKind, ...] = get_args(ReplayKind)
    return [
        Progress(kind=kind, running=running, left=int(left))
        for kind in kinds
        for running, left in [found.get(kind, (0, 0))]
    ]
