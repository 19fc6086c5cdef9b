"""Receivers that fail at times: they verify whatever arrives, note it, and decide what it is told.

A request is failed a few times at most, so that its tries never run out, and is told so by an
answer, by none, or by one that comes late.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from stampbook.consumer import DialectName, Event, Message, read
from stampbook.core.delivery import Conduct, Ordering
from stampbook.store.subscriptions import spoken
from stampbook.values.ids import EndpointId
from tests.delivery.sink import Mode, Received
from tests.e2e.feed import Fact
from tests.e2e.shop import ENDPOINT, SECRET

CONDUCT = Conduct(retry_delays_seconds=(1, 1, 1, 2, 2, 2))
FAILURES_MAX = 3
"""Of one request; fewer than it has tries."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An endpoint, what it asked for, and how its receiver behaves."""

    id: EndpointId
    path: str
    dialect: DialectName = "native"
    ordering: Ordering = "none"
    event_types: tuple[str, ...] = ()
    batch_size: int = 1
    batch_wait_ms: int = 0
    failing: float = 0.05
    """The share of requests that are not received."""
    late: float = 0.2
    """The share of requests that are received and answered late."""

    @property
    def is_busy(self) -> bool:
        """Tell whether it is sent so much that something is on its way at any time."""
        return self.batch_size == 1 and self.ordering != "endpoint"

    @property
    def wishes(self) -> dict[str, Any]:
        """What it asked for, as fields of an endpoint."""
        return {
            "dialect": self.dialect,
            "ordering": self.ordering,
            "event_types": self.event_types,
            "batch_size": self.batch_size,
            "batch_wait_ms": self.batch_wait_ms,
            "conduct": CONDUCT,
        }

    def due(self, facts: Sequence[Fact]) -> list[Fact]:
        """Give what it is due of all facts: what it asked for, and nothing about itself."""
        asked = spoken(self.dialect).intersection(self.event_types or spoken(self.dialect))
        return [fact for fact in facts if fact.type in asked and fact.member != self.id]


SUBSCRIBERS = (
    Subscriber(ENDPOINT, "/any"),
    Subscriber(EndpointId("d" * 24), "/member", ordering="member", failing=0.02),
    Subscriber(
        EndpointId("c" * 24),
        "/batches",
        dialect="zinrelo",
        batch_size=8,
        batch_wait_ms=300,
        late=0.3,
    ),
    Subscriber(
        EndpointId("b" * 24),
        "/endpoint",
        ordering="endpoint",
        event_types=("points.redeemed", "coupon.issued", "tier.upgraded"),
        failing=0.01,  # each failure keeps all that follows waiting
    ),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that was verified; `taken` when it was answered that it is received.

    Units: `at` is seconds of a clock that never goes back.
    """

    message: Message[Any]
    taken: bool
    at: float

    @property
    def event_ids(self) -> tuple[str, ...]:
        return tuple(event.id for event in self.message.events)

    @property
    def events(self) -> tuple[Event[Any], ...]:
        return self.message.events


@dataclass(slots=True)
class Receivers:
    """What arrived at each subscriber, in order."""

    dice: Random
    subscribers: Mapping[str, Subscriber] = field(
        default_factory=lambda: {one.path: one for one in SUBSCRIBERS}
    )
    arrivals: dict[str, list[Arrival]] = field(
        default_factory=lambda: {one.path: [] for one in SUBSCRIBERS}
    )
    problems: list[BaseException] = field(default_factory=list[BaseException])
    _failed: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    @property
    def count(self) -> int:
        """How many requests have arrived."""
        return sum(len(some) for some in self.arrivals.values())

    def decide(self, received: Received) -> Mode:
        """Verify a request, note it, and say what is done."""
        subscriber = self.subscribers[received.path]
        try:
            message = read(
                subscriber.dialect, received.headers, received.body, [SECRET], now=time.time()
            )
        except BaseException as problem:  # noqa: BLE001 - the test reports it
            self.problems.append(problem)
            return "fail"
        fails = self._fails(subscriber, message.id)
        self.arrivals[received.path].append(Arrival(message, taken=not fails, at=time.monotonic()))
        if fails:
            return self.dice.choice(["fail", "close"])
        return "slow" if self.dice.random() < subscriber.late else "accept"

    def _fails(self, subscriber: Subscriber, request: str) -> bool:
        """Say whether a request is not received: the first one is not, and some later ones."""
        is_first = not self.arrivals[subscriber.path]
        key = (subscriber.path, request)
        fails = is_first or self.dice.random() < subscriber.failing
        fails = fails and self._failed[key] < FAILURES_MAX
        self._failed[key] += fails
        return fails
