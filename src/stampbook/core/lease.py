"""A lease: one request to one endpoint, in the hands of one worker for a while.

A request keeps its id, its number and its facts from the first try to the last, so a receiver can
tell a repetition and gets the same bytes again.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from msgspec import Struct

from stampbook.core.delivery import Conduct, Ordering, Verdict
from stampbook.core.health import Health
from stampbook.dialects import StoredFact
from stampbook.nouns.business import Business
from stampbook.values.ids import EndpointId, ProgramId, RequestId

LEASE_MS = 60_000
"""Twice the longest call, so that a live worker never loses its lease to a slow receiver."""


class EndpointKey(NamedTuple):
    """An endpoint among all programs."""

    program_id: ProgramId
    endpoint_id: EndpointId


class DueLane(NamedTuple):
    """An endpoint that has something due, and the most requests that it may have on their way.

    Shapes: what is leased of one that `is_paced` was granted its instant, and goes out at once.
    """

    endpoint: EndpointKey
    in_flight_max: int
    is_paced: bool = False


class Leased(Struct, frozen=True, kw_only=True):
    """A request that this worker, and no other, may send until the lease ends.

    Shapes: `facts` in the order of their positions, `delivery_ids` one for each; `number` is the
    try that comes now, from 1; `secrets` and `access` are encrypted. Leases of one `order_key` are
    given in their order, and each is sent only when the one before has arrived.
    """

    endpoint: EndpointKey
    url: str
    dialect: str
    secrets: str
    access: str = ""
    conduct: Conduct = Conduct()
    health: Health = Health()
    """What it was when the request was leased."""
    order_key: str | None = None
    lease_id: str
    until_ms: int
    due_at_ms: int
    request_id: RequestId
    sequence: int
    """The request's number among all of its endpoint, from 1 without a gap."""
    number: int
    delivery_ids: tuple[str, ...]
    facts: tuple[StoredFact, ...]
    business: Business | None = None
    """As the definition named it when the facts were stored, for a dialect that names it."""

    @property
    def is_trial(self) -> bool:
        """Tell whether it asks a suspended endpoint if it is back."""
        return self.health.state == "suspended"


class Outcome(Struct, frozen=True, kw_only=True):
    """One finished try and what was decided: a row of the log, and the request's next state."""

    leased: Leased
    verdict: Verdict
    started_at_ms: int
    ended_at_ms: int
    duration_ms: int
    status_code: int | None
    error: str | None
    response_excerpt: str
    retry_after_seconds: int | None = None


class Turn(Struct, kw_only=True):
    """A worker's turn at the store: what is settled and given back, and until when is leased.

    Shapes: `known` is what the worker still knows to be due, and nothing lets the store look;
    `told` is set by the store when facts were told of what the tries brought about. One that does
    not wait is refused where somebody else is writing.
    """

    outcomes: Sequence[Outcome] = ()
    unsent: Sequence[Leased] = ()
    now_ms: int
    until_ms: int
    known: Sequence[DueLane] = ()
    told: bool = False
    waits: bool = True


class Waiting(Struct, frozen=True, kw_only=True):
    """A delivery that waits; `request_id` and `sequence` are set once it was about to be sent."""

    id: str
    fact: StoredFact
    position: int
    attempts: int
    due_at_ms: int
    request_id: RequestId | None
    order_key: str | None = None
    sequence: int | None = None


class Batching(Struct, frozen=True, kw_only=True):
    """How an endpoint's facts travel together: so many at the most, waiting so long for others."""

    size: int
    wait_ms: int = 0


def order_key_of(ordering: Ordering, member: str) -> str | None:
    """Give what a fact must keep its order among; None for nothing."""
    return {"none": None, "member": member, "endpoint": ""}[ordering]


def group(waiting: Sequence[Waiting], batching: Batching, now_ms: int) -> list[list[Waiting]]:
    """Split waiting deliveries of one endpoint into the requests that are ready.

    Shapes: what was one request stays one; else facts of one type and one cause travel together, or
    of one type alone where they wait for each other. A request is ready when it is full or one of
    its facts is due. Where order is kept, it holds neighbours of one order key only, and what is
    not ready holds back those behind it. The longest due stands first, behind what it must follow.
    """
    assert batching.size >= 1
    groups: list[list[Waiting]] = []
    growing: dict[tuple[str, ...] | str, list[Waiting]] = {}
    for delivery in waiting:
        key = _together(delivery, batching)
        place = key if delivery.order_key is None else f"order {delivery.order_key}"
        current = growing.get(place)
        if current is None or not _may_join(delivery, current, key, batching):
            current = growing[place] = []
            groups.append(current)
        current.append(delivery)
    return _ready(groups, batching, now_ms)


def _together(delivery: Waiting, batching: Batching) -> tuple[str, ...] | str:
    if delivery.request_id is not None:
        return delivery.request_id
    if batching.wait_ms:
        return (delivery.fact.type,)
    return (delivery.fact.type, delivery.fact.cause)


def _may_join(
    delivery: Waiting,
    current: Sequence[Waiting],
    key: tuple[str, ...] | str,
    batching: Batching,
) -> bool:
    if delivery.request_id is not None:
        return current[0].request_id == delivery.request_id
    return len(current) < batching.size and _together(current[0], batching) == key


def _ready(groups: Sequence[list[Waiting]], batching: Batching, now_ms: int) -> list[list[Waiting]]:
    held: set[str] = set()
    last_ms: dict[str, int] = {}
    ready: list[tuple[int, list[Waiting]]] = []
    for together in groups:
        order_key = together[0].order_key
        due_ms = min([delivery.due_at_ms for delivery in together])
        if order_key in held or not (due_ms <= now_ms or len(together) >= batching.size):
            if order_key is not None:
                held.add(order_key)
        else:
            if order_key is not None:
                due_ms = last_ms[order_key] = max(due_ms, last_ms.get(order_key, due_ms))
            ready.append((due_ms, together))
    return [together for _, together in sorted(ready, key=itemgetter(0))]
