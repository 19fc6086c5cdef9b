"""Deliveries in the store: lease, settle, release.

An endpoint's row is the lock of its queue: one worker at a time groups its deliveries, and others
skip it meanwhile. A lease moves `due_at_ms` to its end, so a crash needs no repair: the rows fall
due again by themselves. Every write after that is fenced by `lease_id`. The deliveries of one
request change together and so always share their `due_at_ms`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from msgspec import Struct

from stampbook.core.delivery import Delivered, Failed, RetryAt, Verdict
from stampbook.core.lease import EndpointKey, Leased, Outcome, Waiting, group
from stampbook.dialects import StoredFact, catalogue
from stampbook.nouns.business import Business
from stampbook.store.backend import Backend, Row, Statement, Unit
from stampbook.store.businesses import Businesses
from stampbook.store.programs import Programs
from stampbook.store.sql import keyed
from stampbook.values.ids import EndpointId, FactId, ProgramId, RequestId
from stampbook.values.instants import from_ms, to_ms
from stampbook.values.json import decode

FACTS_PER_ENDPOINT_MAX = 500
"""How many deliveries of one endpoint one lease looks at; more than the largest body holds."""

DUE = """
SELECT e.program_id, e.id FROM endpoint e
WHERE e.status = 'active' AND EXISTS (
    SELECT 1 FROM delivery d
    WHERE d.program_id = e.program_id AND d.endpoint_id = e.id
    AND d.status IN ('pending', 'leased') AND d.due_at_ms <= ?)
ORDER BY e.program_id, e.id
"""

ENDPOINT = """
SELECT url, dialect, secrets, batch_size, only_with FROM endpoint
WHERE program_id = ? AND id = ? AND status = 'active'
"""

WAITING = """
SELECT id, fact_id, fact_type, cause, position, attempts, due_at_ms, request_id FROM delivery
WHERE program_id = ? AND endpoint_id = ? AND status IN ('pending', 'leased')
"""
WAITING_DUE = f"{WAITING} AND due_at_ms <= ? ORDER BY due_at_ms, position LIMIT ?"
WAITING_TOGETHER = f"{WAITING} AND due_at_ms = ? AND request_id = ? ORDER BY position"

FACTS = ("id, type, cause, occurred_at_ms, recorded_at_ms, body", "fact", "id")

TAKE = """
UPDATE delivery
SET status = 'leased', lease_id = ?, leased_until_ms = ?, due_at_ms = ?, request_id = ?
WHERE program_id = ? AND id = ?
"""

SETTLE = """
UPDATE delivery
SET status = ?, due_at_ms = ?, attempts = ?, delivered_at_ms = ?,
    lease_id = NULL, leased_until_ms = NULL
WHERE program_id = ? AND id = ? AND lease_id = ?
"""

RELEASE = """
UPDATE delivery
SET status = 'pending', due_at_ms = ?, lease_id = NULL, leased_until_ms = NULL
WHERE program_id = ? AND id = ? AND lease_id = ?
"""

DISABLE = """
UPDATE endpoint SET status = 'disabled', updated_at_ms = ?
WHERE program_id = ? AND id = ? AND status = 'active' AND url = ?
"""
"""Only the URL that said it is gone: the owner may have moved the endpoint meanwhile."""

ATTEMPT_COLUMNS = (
    "program_id",
    "id",
    "endpoint_id",
    "request_id",
    "number",
    "started_at_ms",
    "duration_ms",
    "status_code",
    "error",
    "response_excerpt",
    "facts",
)


class _Lane(Struct, frozen=True):
    """An endpoint whose row this transaction has locked, with the groups it takes."""

    key: EndpointKey
    url: str
    dialect: str
    secrets: str
    only_with: tuple[str, ...]
    groups: list[list[Waiting]]


class Deliveries:
    """The queue of deliveries in a database; safe for any number of workers."""

    def __init__(
        self, backend: Backend, new_id: Callable[[], str], programs: Programs | None = None
    ) -> None:
        self._backend = backend
        self._new_id = new_id
        self._programs = programs or Programs()

    def due(self, now_ms: int) -> list[EndpointKey]:
        """Give the active endpoints that have something due, in a steady order."""
        with self._backend.read() as unit:
            rows = unit.rows(DUE, (now_ms,))
        return [EndpointKey(ProgramId(program), EndpointId(id_)) for program, id_ in rows]

    def lease(
        self, shares: Mapping[EndpointKey, int], *, now_ms: int, until_ms: int
    ) -> list[Leased]:
        """Take at most so many due requests of each endpoint, the longest due first."""
        with self._backend.transaction() as unit:
            lanes = _lanes(unit, shares, now_ms)
            facts = _facts(unit, lanes)
            businesses = Businesses(unit, self._programs)
            leased = [
                self._leased(lane, together, facts, businesses, until_ms)
                for lane in lanes
                for together in lane.groups
            ]
            takes = [
                (one.lease_id, until_ms, until_ms, one.request_id, one.endpoint.program_id, id_)
                for one in leased
                for id_ in one.delivery_ids
            ]
            if takes:
                unit.many(TAKE, takes)
        return leased

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Log tries and store what follows, unless another worker holds the lease by now."""
        gone = [
            (outcome.ended_at_ms, *outcome.leased.endpoint, outcome.leased.url)
            for outcome in outcomes
            if isinstance(outcome.verdict, Failed) and outcome.verdict.endpoint_gone
        ]
        with self._backend.transaction() as unit:
            if gone:
                unit.many(DISABLE, gone)
            unit.many(SETTLE, sorted(_settlements(outcomes), key=lambda row: row[5]))
            attempts = [_attempt(outcome) for outcome in outcomes if outcome.was_sent]
            unit.upsert("attempt", ATTEMPT_COLUMNS, attempts, ("program_id", "id"))

    def release(self, leased: Sequence[Leased], *, now_ms: int) -> None:
        """Give leases back: the requests are due again at once, and no try is counted."""
        with self._backend.transaction() as unit:
            unit.many(
                RELEASE,
                [
                    (now_ms, one.endpoint.program_id, id_, one.lease_id)
                    for one in leased
                    for id_ in one.delivery_ids
                ],
            )

    def _leased(
        self,
        lane: _Lane,
        together: list[Waiting],
        facts: Mapping[tuple[str, str], StoredFact],
        businesses: Businesses,
        until_ms: int,
    ) -> Leased:
        program_id = lane.key.program_id
        in_order = sorted(together, key=lambda delivery: delivery.position)
        keys = [(program_id, delivery.fact_id) for delivery in in_order]
        found = tuple(facts[key] for key in keys if key in facts)
        return Leased(
            endpoint=lane.key,
            url=lane.url,
            dialect=lane.dialect,
            secrets=lane.secrets,
            only_with=lane.only_with,
            lease_id=self._new_id(),
            until_ms=until_ms,
            request_id=in_order[0].request_id or RequestId(self._new_id()),
            number=in_order[0].attempts + 1,
            delivery_ids=tuple(delivery.id for delivery in in_order),
            facts=found,
            business=_business(lane, found, businesses),
        )


def _business(lane: _Lane, facts: Sequence[StoredFact], businesses: Businesses) -> Business | None:
    dialect = catalogue().get(lane.dialect)
    if dialect is None or not dialect.names_business or not facts:
        return None
    return businesses.at(lane.key.program_id, to_ms(facts[0].occurred_at))


def _lanes(unit: Unit, shares: Mapping[EndpointKey, int], now_ms: int) -> list[_Lane]:
    keys = sorted(shares)
    locking = ENDPOINT + unit.dialect.skip_locked
    endpoints = unit.gather([(locking, key) for key in keys])
    free = [(key, rows[0]) for key, rows in zip(keys, endpoints, strict=True) if rows]
    sizes = [_batch_size(dialect, size) for _, (_, dialect, _, size, _) in free]
    waiting = unit.gather(
        [
            (WAITING_DUE, (*key, now_ms, min(shares[key] * size, FACTS_PER_ENDPOINT_MAX)))
            for (key, _), size in zip(free, sizes, strict=True)
        ]
    )
    return [
        _Lane(
            key,
            url,
            dialect,
            secrets,
            tuple(decode(only_with, list[str])),
            _complete(unit, key, group(_read(rows), size), shares),
        )
        for (key, (url, dialect, secrets, _, only_with)), size, rows in zip(
            free, sizes, waiting, strict=True
        )
    ]


def _batch_size(dialect: str, endpoint_size: int) -> int:
    known = catalogue().get(dialect)
    return 1 if known is None else max(1, min(known.batch_size, endpoint_size))


def _complete(
    unit: Unit,
    key: EndpointKey,
    groups: list[list[Waiting]],
    shares: Mapping[EndpointKey, int],
) -> list[list[Waiting]]:
    """Give the groups that are taken; a repeated request gets the facts that a limit cut off."""
    taken = groups[: shares[key]]
    repeated = [together[0] for together in taken if together[0].request_id is not None]
    statements: list[Statement] = [
        (WAITING_TOGETHER, (*key, first.due_at_ms, first.request_id)) for first in repeated
    ]
    whole = {first.request_id: _read(rows) for first, rows in _pairs(unit, repeated, statements)}
    return [whole.get(together[0].request_id, together) for together in taken]


def _pairs(
    unit: Unit, repeated: list[Waiting], statements: list[Statement]
) -> list[tuple[Waiting, list[Row]]]:
    return list(zip(repeated, unit.gather(statements), strict=True)) if statements else []


def _read(rows: list[Row]) -> list[Waiting]:
    return [
        Waiting(
            id=id_,
            fact_id=FactId(fact_id),
            fact_type=fact_type,
            cause=cause,
            position=position,
            attempts=attempts,
            due_at_ms=due_at_ms,
            request_id=request_id,
        )
        for id_, fact_id, fact_type, cause, position, attempts, due_at_ms, request_id in rows
    ]


def _facts(unit: Unit, lanes: Sequence[_Lane]) -> dict[tuple[str, str], StoredFact]:
    wanted: dict[str, set[FactId]] = {}
    for lane in lanes:
        for together in lane.groups:
            ids = (delivery.fact_id for delivery in together)
            wanted.setdefault(lane.key.program_id, set()).update(ids)
    return {
        (program, id_): StoredFact(
            id=id_,
            type=type_,
            cause=cause,
            occurred_at=from_ms(occurred_at_ms),
            recorded_at=from_ms(recorded_at_ms),
            body=body,
        )
        for program, ids in wanted.items()
        for id_, type_, cause, occurred_at_ms, recorded_at_ms, body in unit.rows(
            keyed(unit.dialect, *FACTS), (program, sorted(ids))
        )
    }


def _settlements(outcomes: Sequence[Outcome]) -> list[Row]:
    return [
        (
            *_settled(outcome, delivery_id),
            outcome.leased.endpoint.program_id,
            delivery_id,
            outcome.leased.lease_id,
        )
        for outcome in outcomes
        for delivery_id in outcome.leased.delivery_ids
    ]


def _settled(outcome: Outcome, delivery_id: str) -> Row:
    """Give a delivery's status, when it is due, its tries, and when it was delivered."""
    leased, at_ms = outcome.leased, outcome.ended_at_ms
    if delivery_id in outcome.skipped:
        return "skipped", at_ms, leased.number - 1, None
    is_delivered = isinstance(outcome.verdict, Delivered)
    return *_state(outcome.verdict, at_ms), leased.number, at_ms if is_delivered else None


def _state(verdict: Verdict, ended_at_ms: int) -> tuple[str, int]:
    match verdict:
        case Delivered():
            return "delivered", ended_at_ms
        case RetryAt(due_at_ms):
            return "pending", due_at_ms
        case Failed():
            return "failed", ended_at_ms
        case _:
            assert_never(verdict)


def _attempt(outcome: Outcome) -> Row:
    leased = outcome.leased
    return (
        leased.endpoint.program_id,
        outcome.attempt_id,
        leased.endpoint.endpoint_id,
        leased.request_id,
        leased.number,
        outcome.started_at_ms,
        outcome.duration_ms,
        outcome.status_code,
        outcome.error,
        outcome.response_excerpt,
        len(leased.delivery_ids) - len(outcome.skipped),
    )
