"""Deliveries in the store: a worker's turn settles, gives back and leases in one transaction.

Every write after a lease is fenced by `lease_id`, and so is what an answer tells of its endpoint: a
worker whose lease has run out, or that takes a turn again, changes nothing but the log. A try that
was received is stored in its delivery's row, together with the next state, in one statement; the
others are logged beside it, in the same transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import assert_never

from msgspec.structs import replace

from stampbook.core.delivery import Conduct, Delivered, Failed, RetryAt, Verdict
from stampbook.core.health import Answer, after
from stampbook.core.lease import DueLane, EndpointKey, Leased, Outcome, Turn
from stampbook.core.listening import SCHEME
from stampbook.store.activation import left_at
from stampbook.store.backend import Backend, Row, Unit
from stampbook.store.businesses import Businesses
from stampbook.store.health_facts import Change, state_changes
from stampbook.store.lanes import OF_ENDPOINT, Lane, lane_of, save_lanes
from stampbook.store.leasing import FACTS_PER_ENDPOINT_MAX, Leasing
from stampbook.store.programs import Programs
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.json import decode

WAITS = """
FROM delivery d
WHERE d.program_id = e.program_id AND d.endpoint_id = e.id
AND d.status IN ('pending', 'leased') AND coalesce(d.leased_until_ms, 0) <= ? AND d.due_at_ms <= ?
"""
DUE = f"""
SELECT e.program_id, e.id, e.conduct, coalesce(l.state, 'healthy')
FROM endpoint e LEFT JOIN lane l ON l.program_id = e.program_id AND l.endpoint_id = e.id
WHERE e.status = 'active' AND coalesce(l.free_at_ms, 0) <= ? AND (
    EXISTS (SELECT 1 {WAITS})
    OR (e.batch_wait_ms > 0 AND e.batch_size <= (SELECT count(*) FROM (
        SELECT 1 {WAITS.rstrip()} + e.batch_wait_ms LIMIT {FACTS_PER_ENDPOINT_MAX}) AS w)))
AND e.url NOT LIKE '{SCHEME}%'
ORDER BY e.program_id, e.id
"""
"""With something due, or with a batch that is full before; listeners fetch what is theirs."""

LOCK = "SELECT 1 FROM endpoint WHERE program_id = ? AND id = ?"
HOLDER = "SELECT lease_id FROM delivery WHERE program_id = ? AND id = ?"
DISABLE = (
    "UPDATE endpoint SET status = 'disabled', updated_at_ms = ? WHERE program_id = ? AND id = ?"
)

Deal = Callable[[Sequence[DueLane]], Mapping[EndpointKey, int]]

OF_LEASE = ("program_id", "id", "lease_id")
DELIVERY_ID = itemgetter(-2)
"""Rows are changed in one order by all workers."""
SETTLED = (
    "status", "due_at_ms", "attempts", "delivered_at_ms", "status_code", "duration_ms",
    "response_excerpt", "lease_id", "leased_until_ms",
)  # fmt: skip
RELEASED = ("lease_id", "leased_until_ms")

ATTEMPT_COLUMNS = (
    "program_id", "id", "endpoint_id", "request_id", "number", "started_at_ms", "duration_ms",
    "status_code", "error", "response_excerpt", "facts",
)  # fmt: skip


class Deliveries:
    """The queue of deliveries in a database; safe for any number of workers."""

    def __init__(
        self, backend: Backend, new_id: Callable[[], str], programs: Programs | None = None
    ) -> None:
        self._backend = backend
        self._new_id = new_id
        self._programs = programs or Programs()

    def turn(self, turn: Turn, deal: Deal) -> list[Leased]:
        """Settle tries, give leases back, and lease what is dealt, in one transaction."""
        shares = deal(turn.known or self._look(turn.now_ms))
        if not (shares or turn.outcomes or turn.unsent):
            return []
        with self._backend.transaction(waits=turn.waits) as unit:
            self.settle(unit, turn)
            return self.lease(unit, turn, shares) if shares else []

    def _look(self, now_ms: int) -> list[DueLane]:
        with self._backend.read() as unit:  # what is due is no reason yet to lock anything
            return _due(unit, now_ms)

    def settle(self, unit: Unit, turn: Turn) -> None:
        """Store what came of tries, and give leases back."""
        if turn.outcomes:
            turn.told = self._judge_health(unit, turn.outcomes)
            settled = [row for one in turn.outcomes for row in _settlements(one)]
            unit.change("delivery", SETTLED, OF_LEASE, sorted(settled, key=DELIVERY_ID))
            logged = [_attempt(one) for one in turn.outcomes if _is_logged(one)]
            unit.upsert("attempt", ATTEMPT_COLUMNS, logged, ("program_id", "id"))
        unit.change("delivery", RELEASED, OF_LEASE, _releases(turn.unsent))

    def lease(self, unit: Unit, turn: Turn, shares: Mapping[EndpointKey, int]) -> list[Leased]:
        """Take at most so many due requests of each endpoint."""
        leasing = Leasing(unit, Businesses(unit, self._programs), self._new_id)
        return leasing.lease(shares, now_ms=turn.now_ms, until_ms=turn.until_ms)

    def _judge_health(self, unit: Unit, outcomes: Sequence[Outcome]) -> bool:
        """Store what endpoints have become by their answers; tell whether facts were told of it."""
        telling: dict[EndpointKey, list[Outcome]] = {}
        for one in outcomes:
            if not (_is_delivered(one) and one.leased.health.is_clean):
                telling.setdefault(one.leased.endpoint, []).append(one)
        if not telling:
            return False
        changes, lanes = self._changes(unit, telling)
        recorded_ms = max(one.ended_at_ms for one in outcomes)
        conducts = {key: some[-1].leased.conduct for key, some in telling.items()}
        return self.change_health(unit, changes, lanes, conducts, recorded_ms)

    def change_health(
        self,
        unit: Unit,
        changes: Mapping[EndpointKey, Change],
        lanes: Mapping[EndpointKey, Lane],
        conducts: Mapping[EndpointKey, Conduct],
        recorded_ms: int,
    ) -> bool:
        """Store what endpoints have become; tell whether facts were told of it.

        Shapes: their rows are locked, and `lanes` are what they were until now.
        """
        counts = state_changes(unit, list(changes.values()), self._new_id, recorded_ms)
        kept: list[tuple[EndpointKey, Lane, Conduct]] = []
        for key, change in changes.items():
            lane = replace(lanes[key], health=change.now, facts=counts[key])
            if change.now.state == "disabled" != change.before.state:
                unit.run(DISABLE, (recorded_ms, *key))
                lane = replace(lane, left_at_position=left_at(unit, key, recorded_ms))
            kept.append((key, lane, conducts[key]))
        save_lanes(unit, kept)
        return any(counts[key] != lanes[key].facts for key in changes)

    def _changes(
        self, unit: Unit, telling: Mapping[EndpointKey, Sequence[Outcome]]
    ) -> tuple[dict[EndpointKey, Change], dict[EndpointKey, Lane]]:
        keys = sorted(telling)
        found = unit.gather(
            [
                *((LOCK + unit.dialect.lock, key) for key in keys),
                *((OF_ENDPOINT, key) for key in keys),
            ]
        )
        lanes = {
            key: lane_of(lane)
            for key, rows, lane in zip(keys, found, found[len(keys) :], strict=False)
            if rows  # it may be removed by now
        }
        changes: dict[EndpointKey, Change] = {}
        for key, lane in lanes.items():
            health = lane.health
            some = sorted(_present(unit, telling[key]), key=lambda one: one.ended_at_ms)
            if not some:
                continue
            for one in some:
                health = after(health, _answer(one))
            changes[key] = Change(
                endpoint=key,
                before=lane.health,
                now=health,
                reason=_reason(some[-1]),
                cause=some[-1].leased.request_id,
                facts=lane.facts,
            )
        return changes, lanes


def _due(unit: Unit, now_ms: int) -> list[DueLane]:
    """Give the endpoints that may be sent something now, in a steady order."""
    return [
        _lane(EndpointKey(ProgramId(program), EndpointId(id_)), decode(conduct, Conduct), state)
        for program, id_, conduct, state in unit.rows(DUE, [now_ms] * DUE.count("?"))
    ]


def _lane(key: EndpointKey, conduct: Conduct, state: str) -> DueLane:
    in_flight_max = conduct.in_flight_max if state == "healthy" else 1
    return DueLane(key, in_flight_max, is_paced=conduct.rate_per_second is not None)


def _present(unit: Unit, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Give those whose lease is the present one: the others are late, or were counted already."""
    asked = [(HOLDER, (one.leased.endpoint.program_id, one.leased.delivery_ids[0]))
             for one in outcomes]  # fmt: skip
    return [
        one
        for one, rows in zip(outcomes, unit.gather(asked), strict=True)
        if rows and rows[0][0] == one.leased.lease_id
    ]


def _releases(leased: Sequence[Leased]) -> list[Row]:
    rows = [
        (None, None, one.endpoint.program_id, id_, one.lease_id)
        for one in leased
        for id_ in one.delivery_ids
    ]
    return sorted(rows, key=DELIVERY_ID)


def _answer(outcome: Outcome) -> Answer:
    return Answer(
        started_at_ms=outcome.started_at_ms,
        ended_at_ms=outcome.ended_at_ms,
        status_code=outcome.status_code,
        retry_after_seconds=outcome.retry_after_seconds,
    )


def _reason(outcome: Outcome) -> str:
    if outcome.status_code is not None:
        return f"It answered {outcome.status_code}."
    return f"No answer: {outcome.error}."


def _settlements(outcome: Outcome) -> list[Row]:
    leased, state = outcome.leased, _state(outcome.verdict, outcome)
    program_id, lease_id = leased.endpoint.program_id, leased.lease_id
    return [(*state, None, None, program_id, id_, lease_id) for id_ in leased.delivery_ids]


def _is_delivered(outcome: Outcome) -> bool:
    return isinstance(outcome.verdict, Delivered)


def _is_logged(outcome: Outcome) -> bool:
    """Tell whether a try has a row of its own: an answer about several facts is kept once."""
    return not _is_delivered(outcome) or (
        len(outcome.leased.delivery_ids) > 1 and outcome.response_excerpt != ""
    )


def _state(verdict: Verdict, outcome: Outcome) -> Row:
    """Give a delivery's status, when it is due, its tries, and the one that was received."""
    number, at_ms = outcome.leased.number, outcome.ended_at_ms
    match verdict:
        case Delivered():
            excerpt = None if _is_logged(outcome) else outcome.response_excerpt or None
            code, took_ms = outcome.status_code, outcome.duration_ms
            return "delivered", outcome.leased.due_at_ms, number, at_ms, code, took_ms, excerpt
        case RetryAt(due_at_ms, counts):
            return "pending", due_at_ms, number if counts else number - 1, None, None, None, None
        case Failed():
            return "failed", at_ms, number, None, None, None, None
        case _:
            assert_never(verdict)


def _attempt(outcome: Outcome) -> Row:
    leased = outcome.leased
    return (
        leased.endpoint.program_id, leased.lease_id, leased.endpoint.endpoint_id,
        leased.request_id, leased.number, outcome.started_at_ms, outcome.duration_ms,
        outcome.status_code, outcome.error, outcome.response_excerpt, len(leased.delivery_ids),
    )  # fmt: skip
