"""Leasing: what is due becomes requests in the hands of one worker.

An endpoint's row is the lock of its queue: one worker at a time groups its deliveries, and others
skip it meanwhile. A lease ends by itself, so a crash needs no repair. It sets no column that an
index knows, which is what makes it cheap; but the deliveries of one request share their
`due_at_ms`.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.asking import says
from stampbook.core.delivery import Conduct
from stampbook.core.lease import Batching, EndpointKey, Leased, Waiting, group
from stampbook.core.pacing import pace
from stampbook.dialects import Dialect, StoredFact, catalogue
from stampbook.facts import catalogue as fact_types
from stampbook.nouns.business import Business
from stampbook.store.backend import Row, Statement, Unit
from stampbook.store.businesses import Businesses
from stampbook.store.lanes import OF_ENDPOINT, US_PER_MS, Lane, lane_of, save_lanes
from stampbook.store.waiting import TOGETHER, Look, waiting
from stampbook.values.ids import RequestId
from stampbook.values.instants import from_ms, to_ms
from stampbook.values.json import decode

FACTS_PER_ENDPOINT_MAX = 500
"""How many deliveries of one endpoint one lease looks at; more than the largest body holds."""

ENDPOINT = """
SELECT url, dialect, secrets, batch_size, only_with, ordering, batch_wait_ms, conduct, access
FROM endpoint WHERE program_id = ? AND id = ? AND status = 'active'
"""

TAKEN = ("lease_id", "leased_until_ms", "request_id", "sequence")
TAKEN_TOGETHER = (*TAKEN, "due_at_ms")
OF_DELIVERY = ("program_id", "id")


class _Queue(Struct, frozen=True, kw_only=True):
    """An endpoint whose row this transaction has locked, with the groups that it may take."""

    key: EndpointKey
    url: str
    dialect: Dialect | None
    dialect_name: str
    secrets: str
    access: str
    only_with: tuple[str, ...]
    ordering: str
    batching: Batching
    conduct: Conduct
    lane: Lane
    share: int
    groups: tuple[list[Waiting], ...] = ()


class Leasing:
    """One transaction that leases."""

    def __init__(self, unit: Unit, businesses: Businesses, new_id: Callable[[], str]) -> None:
        self._unit = unit
        self._businesses = businesses
        self._new_id = new_id

    def lease(
        self, shares: Mapping[EndpointKey, int], *, now_ms: int, until_ms: int
    ) -> list[Leased]:
        """Take at most so many due requests of each endpoint, the longest due first."""
        queues = self._waiting(self._locked(shares, now_ms), now_ms)
        leased: list[Leased] = []
        lanes: list[tuple[EndpointKey, Lane, Conduct]] = []
        for queue in queues:
            taken, lane = self._numbered(queue, now_ms=now_ms, until_ms=until_ms)
            leased += taken
            if lane != queue.lane:
                lanes.append((queue.key, lane, queue.conduct))
        save_lanes(self._unit, lanes)
        self._take(leased)
        return leased

    def _take(self, leased: Sequence[Leased]) -> None:
        """Store the leases; when it is due stays what it is for a delivery that goes alone."""
        alone = [
            (one.lease_id, one.until_ms, one.request_id, one.sequence,
             one.endpoint.program_id, one.delivery_ids[0])
            for one in leased
            if len(one.delivery_ids) == 1
        ]  # fmt: skip
        together = [
            (one.lease_id, one.until_ms, one.request_id, one.sequence, one.due_at_ms,
             one.endpoint.program_id, id_)
            for one in leased
            if len(one.delivery_ids) > 1
            for id_ in one.delivery_ids
        ]  # fmt: skip
        self._unit.change("delivery", TAKEN, OF_DELIVERY, alone)
        self._unit.change("delivery", TAKEN_TOGETHER, OF_DELIVERY, together)

    def _locked(self, shares: Mapping[EndpointKey, int], now_ms: int) -> list[_Queue]:
        """Lock the endpoints that nobody else has locked, and then read their lanes."""
        keys = sorted(shares)
        locking = ENDPOINT + self._unit.dialect.skip_locked
        statements: list[Statement] = [(locking, key) for key in keys]
        statements += [(OF_ENDPOINT, key) for key in keys]
        _, *found = self._unit.gather([(self._unit.dialect.by_index, ()), *statements])
        queues = [
            _queue(key, rows[0], lane_of(lane), shares[key])
            for key, rows, lane in zip(keys, found, found[len(keys) :], strict=False)
            if rows
        ]
        return [queue for queue in queues if queue.lane.free_at_ms(queue.conduct) <= now_ms]

    def _waiting(self, queues: Sequence[_Queue], now_ms: int) -> list[_Queue]:
        found = self._unit.gather([self._question(queue, now_ms) for queue in queues])
        return [
            self._grouped(queue, _read(rows), now_ms)
            for queue, rows in zip(queues, found, strict=True)
        ]

    def _grouped(self, queue: _Queue, deliveries: Sequence[Waiting], now_ms: int) -> _Queue:
        asked = deliveries
        if queue.only_with and queue.dialect is not None:
            asked = [one for one in deliveries if self._is_asked_for(queue, one)]
        if not all(one.fact.body for one in asked):  # it went while a replay chose it
            asked = [one for one in asked if one.fact.body]
        if len(asked) < len(deliveries):
            self._skip(queue.key, [one for one in deliveries if one not in asked], now_ms)
        groups = group(asked, queue.batching, now_ms)[: queue.share]
        return replace(queue, groups=_complete(self._unit, queue, groups))

    def _question(self, queue: _Queue, now_ms: int) -> Statement:
        batching = queue.batching
        taken = queue.share * batching.size
        # a batch that is full may stand behind those of all types that still wait for one more
        behind = len(fact_types()) * (batching.size - 1) if batching.wait_ms else 0
        look = Look(
            endpoint=queue.key,
            ordering=queue.ordering,
            limit=min(taken + behind, FACTS_PER_ENDPOINT_MAX),
            now_ms=now_ms,
            wait_ms=batching.wait_ms,
        )
        return waiting(self._unit.dialect, look)

    def _is_asked_for(self, queue: _Queue, delivery: Waiting) -> bool:
        """Tell whether the endpoint wants to be told; what was sent stays."""
        assert queue.dialect is not None
        if delivery.request_id is not None:
            return True
        fact = delivery.fact
        try:
            return says(queue.dialect, fact, queue.only_with, self._business(queue, (fact,)))
        except Exception:  # noqa: BLE001 - what cannot be rendered fails as a request, and is seen
            return True

    def _skip(self, key: EndpointKey, skipped: Sequence[Waiting], now_ms: int) -> None:
        rows = [("skipped", now_ms, key.program_id, one.id) for one in skipped]
        self._unit.change("delivery", ("status", "due_at_ms"), OF_DELIVERY, rows)

    def _numbered(self, queue: _Queue, *, now_ms: int, until_ms: int) -> tuple[list[Leased], Lane]:
        """Give the requests that may start now, and what the lane becomes by them."""
        groups, lane, conduct = queue.groups, queue.lane, queue.conduct
        if lane.health.state != "healthy":
            groups = groups[:1]
            if groups:  # one at a time, whoever sends it
                lane = replace(lane, health=replace(lane.health, pause_until_ms=until_ms))
        if conduct.rate_per_second is not None:
            paced = pace(len(groups), conduct.rate_per_second, lane.mark_us, now_ms * US_PER_MS)
            groups, lane = groups[: paced.granted], replace(lane, mark_us=paced.mark_us)
        leased: list[Leased] = []
        lease_id = self._new_id()
        for number, together in enumerate(groups):
            sequence = together[0].sequence
            if sequence is None:
                sequence = lane.sequence + 1
                lane = replace(lane, sequence=sequence)
            fence = f"{lease_id}-{number}"
            leased.append(self._leased(queue, together, until_ms, sequence, fence))
        return leased, lane

    def _leased(
        self,
        queue: _Queue,
        together: Sequence[Waiting],
        until_ms: int,
        sequence: int,
        lease_id: str,
    ) -> Leased:
        if len(together) > 1:
            together = sorted(together, key=lambda delivery: delivery.position)
        first, facts = together[0], tuple([delivery.fact for delivery in together])
        return Leased(
            endpoint=queue.key,
            url=queue.url,
            dialect=queue.dialect_name,
            secrets=queue.secrets,
            access=queue.access,
            conduct=queue.conduct,
            health=queue.lane.health,
            order_key=first.order_key,
            lease_id=lease_id,
            due_at_ms=min([delivery.due_at_ms for delivery in together]),
            until_ms=until_ms,
            request_id=first.request_id or RequestId(first.id),
            sequence=sequence,
            number=first.attempts + 1,
            delivery_ids=tuple([delivery.id for delivery in together]),
            facts=facts,
            business=self._business(queue, facts),
        )

    def _business(self, queue: _Queue, facts: Sequence[StoredFact]) -> Business | None:
        if queue.dialect is None or not queue.dialect.names_business or not facts:
            return None
        return self._businesses.at(queue.key.program_id, to_ms(facts[0].occurred_at))


def _queue(key: EndpointKey, row: Row, lane: Lane, share: int) -> _Queue:
    url, dialect, secrets, batch_size, only_with, ordering, wait_ms, conduct, access = row
    known = catalogue().get(dialect)
    size = 1 if known is None else max(1, min(known.batch_size, batch_size))
    return _Queue(
        key=key,
        url=url,
        dialect=known,
        dialect_name=dialect,
        secrets=secrets,
        access=access,
        only_with=tuple(decode(only_with, list[str])),
        ordering=ordering,
        batching=Batching(size=size, wait_ms=wait_ms if size > 1 else 0),
        conduct=decode(conduct, Conduct),
        lane=lane,
        share=share,
    )


def _complete(unit: Unit, queue: _Queue, groups: list[list[Waiting]]) -> tuple[list[Waiting], ...]:
    """Give the groups; a repeated request gets the facts that a limit cut off."""
    repeated = [together[0] for together in groups if together[0].request_id is not None]
    if not repeated or queue.batching.size == 1:
        return tuple(groups)
    found = unit.gather(
        [(TOGETHER, (*queue.key, one.due_at_ms, one.request_id)) for one in repeated]
    )
    whole = {one.request_id: _read(rows) for one, rows in zip(repeated, found, strict=True)}
    return tuple(whole.get(together[0].request_id, together) for together in groups)


def _read(rows: Sequence[Row]) -> list[Waiting]:
    return [
        Waiting(
            id=id_,
            fact=StoredFact(
                id=fact_id,
                type=fact_type,
                cause=cause,
                occurred_at=from_ms(occurred_at_ms),
                recorded_at=from_ms(recorded_at_ms),
                body=body,
            ),
            position=position,
            attempts=attempts,
            due_at_ms=due_at_ms,
            request_id=request_id,
            order_key=order_key,
            sequence=sequence,
        )
        for (id_, position, attempts, due_at_ms, request_id, order_key, sequence,
             fact_id, fact_type, cause, occurred_at_ms, recorded_at_ms, body, *_) in rows
    ]  # fmt: skip
