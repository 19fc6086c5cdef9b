"""The backlog: what is due to each endpoint and was not sent yet, and how the endpoints are."""

from msgspec import Struct

from stampbook.core.health import HealthState
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
