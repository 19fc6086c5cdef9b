"""Listeners in the store: their requests are leased as all are, when somebody asks for them.

That somebody asked is remembered to some minutes, so that whoever waits for long writes seldom.
"""

from collections.abc import Sequence

from msgspec import Struct

from stampbook.core.delivery import MINUTE, Conduct
from stampbook.core.health import HealthState
from stampbook.core.lease import EndpointKey, Leased, Turn
from stampbook.core.listening import SCHEME, SILENT_AFTER_MS, SILENT_REASON, given_up
from stampbook.store.backend import Unit
from stampbook.store.deliveries import WAITS, Deliveries
from stampbook.store.endpoints import EndpointStatus
from stampbook.store.health_facts import Change
from stampbook.store.lanes import read_lane
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.json import decode

REMEMBERED_MS = 10 * MINUTE * 1000
"""Asking is written down again when it was so long ago."""

SILENT_MAX = 100
"""How many listeners are given up in one transaction."""

STANDS = f"""
SELECT e.url, e.status, e.conduct, coalesce(e.pulled_at_ms, 0), coalesce(l.state, 'healthy'),
    coalesce(l.free_at_ms, 0), EXISTS (SELECT 1 {WAITS} + e.batch_wait_ms)
FROM endpoint e LEFT JOIN lane l ON l.program_id = e.program_id AND l.endpoint_id = e.id
WHERE e.program_id = ? AND e.id = ?
"""
PULLED = "UPDATE endpoint SET pulled_at_ms = ? WHERE program_id = ? AND id = ?"
SILENT = f"""
SELECT program_id, id, conduct FROM endpoint
WHERE status = 'active' AND url LIKE '{SCHEME}%'
AND coalesce(pulled_at_ms, 0) <= ? AND updated_at_ms <= ?
ORDER BY program_id, id LIMIT {SILENT_MAX}
"""
"""One that was just made or changed has a day too."""


class Standing(Struct, frozen=True, kw_only=True):
    """How it stands with an endpoint; it `waits` when something may be due."""

    url: str
    status: EndpointStatus
    conduct: Conduct
    pulled_at_ms: int
    state: HealthState
    free_at_ms: int
    waits: bool

    def may_be_sent(self, now_ms: int) -> bool:
        """Tell whether something may be leased now."""
        return self.waits and self.free_at_ms <= now_ms

    def wants(self, now_ms: int) -> bool:
        """Tell whether asking for its requests now changes anything."""
        return self.may_be_sent(now_ms) or now_ms - self.pulled_at_ms >= REMEMBERED_MS


def standing_of(unit: Unit, key: EndpointKey, now_ms: int) -> Standing | None:
    """Give how it stands with an endpoint; None when there is none."""
    for url, status, conduct, pulled_at_ms, state, free_at_ms, waits in unit.rows(
        STANDS, (now_ms, now_ms, *key)
    ):
        return Standing(
            url=url,
            status=status,
            conduct=decode(conduct, Conduct),
            pulled_at_ms=pulled_at_ms,
            state=state,
            free_at_ms=free_at_ms,
            waits=bool(waits),
        )
    return None


def pull(
    unit: Unit, queue: Deliveries, key: EndpointKey, standing: Standing, most: int, turn: Turn
) -> list[Leased]:
    """Lease at most so many due requests of a listener, and remember that somebody asked."""
    if turn.now_ms - standing.pulled_at_ms >= REMEMBERED_MS:
        unit.run(PULLED, (turn.now_ms, *key))
    if not standing.may_be_sent(turn.now_ms):
        return []
    return queue.lease(unit, turn, {key: min(most, standing.conduct.in_flight_max)})


def give_up_silent(unit: Unit, queue: Deliveries, now_ms: int) -> Sequence[EndpointKey]:
    """Disable listeners whose requests nobody asked for in a day, and say so; gives which."""
    before_ms = now_ms - SILENT_AFTER_MS
    rows = unit.rows(SILENT + unit.dialect.skip_locked, (before_ms, before_ms))
    conducts = {
        EndpointKey(ProgramId(program), EndpointId(id_)): decode(conduct, Conduct)
        for program, id_, conduct in rows
    }
    lanes = {key: read_lane(unit, key) for key in conducts}
    changes = {
        key: Change(
            endpoint=key,
            before=lane.health,
            now=given_up(now_ms),
            reason=SILENT_REASON,
            cause=f"silent-{now_ms:x}",
            facts=lane.facts,
        )
        for key, lane in lanes.items()
    }
    if changes:
        queue.change_health(unit, changes, lanes, conducts, now_ms)
    return list(changes)
