"""What is due to an endpoint, what is leased of it, and when something of it may or must move."""

import math
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field

from stampbook.core.lease import EndpointKey
from tests.delivery.simulated.naive_health import NaiveHealth
from tests.delivery.simulated.script import Place

TRIAL_MS_MAX = 61 * 60_000
"""The longest from one trial of a suspended endpoint to the next."""
LEFT_MS_MAX = 60_000
"""The longest that something due waits for any other endpoint, when the play is over."""
NEVER = 2**62


@dataclass(slots=True)
class Parcel:
    """A fact that is due to an endpoint."""

    id: str
    place: "Shelf"
    fact: str
    fact_type: str
    cause: str
    position: int
    key: str | None
    has_email: bool
    recorded_ms: int
    due_ms: int
    status: str = "pending"
    tries: int = 0
    request: str | None = None
    sequence: int | None = None
    lease: "Hold | None" = field(default=None)
    is_poison: bool = False
    """Whether the receiver never accepts it."""
    is_accepted: bool = False
    """Whether the receiver said so, heard or not."""
    heard_by: int | None = None
    """The worker that knows it was accepted, and has not stored it yet."""

    def __repr__(self) -> str:
        held = f"{self.lease.id} until {self.lease.until_ms}" if self.lease else "nobody"
        return (
            f"<{self.fact_type} {self.position} of {self.place.number}, {self.status}, order "
            f"{self.key!r}, due {self.due_ms}, tried {self.tries} times, held by {held}, "
            f"request {self.request} number {self.sequence}>"
        )

    def held_until_ms(self, now_ms: int) -> int:
        """Give when its lease ends, or 0 if nobody has it now."""
        return self.lease.until_ms if self.lease and self.lease.until_ms > now_ms else 0


@dataclass(slots=True)
class Hold:
    """A lease."""

    id: str
    worker: int
    parcels: tuple[Parcel, ...]
    until_ms: int
    known_ms: int
    """When its worker knew of it: a turn at the store may take long."""
    state: str
    """What the endpoint was."""
    is_spotless: bool
    number: int
    is_lost: bool = False
    """Whether nobody remembers it."""


@dataclass(slots=True)
class Flight:
    """A request on its way."""

    hold: Hold
    request: str
    key: str | None
    ends_ms: int
    """When it is over at the latest; its worker may hear of it later."""


@dataclass(slots=True)
class Shelf:
    """An endpoint with all that it is due."""

    key: EndpointKey
    number: int
    wishes: Place
    is_active: bool = True
    health: NaiveHealth = field(default_factory=NaiveHealth)
    parcels: list[Parcel] = field(default_factory=list[Parcel])
    waiting: dict[str, Parcel] = field(default_factory=dict[str, Parcel])
    """Those that are neither delivered nor given up, in the order of their facts."""
    flights: dict[str, Flight] = field(default_factory=dict[str, Flight])
    news: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """What was told about it, numbered from 1."""
    requests: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """The facts of each request, in the order of their sequences, which begin with 1."""
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    letters: dict[str, tuple[bytes, str]] = field(default_factory=dict[str, tuple[bytes, str]])
    """What its receiver got: the body and the sequence, by `webhook-id`."""
    leased_at: list[int] = field(default_factory=list[int])
    moved_ms: int = 0
    """When something of it last changed: a lease, a settlement, a pause that ended."""
    next_ms: int | None = None
    """The answer of `may_move_ms`, kept until something changes."""

    def __repr__(self) -> str:
        return f"<endpoint {self.number}, {self.wishes}, {self.health}, {len(self.waiting)} wait>"

    def touch(self, now_ms: int) -> None:
        """Take it that something changed."""
        self.next_ms = None
        self.moved_ms = max(self.moved_ms, now_ms)

    def in_flight(self, now_ms: int) -> list[Flight]:
        """Give what is on its way."""
        return [flight for flight in self.flights.values() if flight.ends_ms > now_ms]

    def hold(self, hold: Hold, request: str, sequence: int, now_ms: int) -> None:
        """Take a lease."""
        due_ms = min(one.due_ms for one in hold.parcels)
        for parcel in hold.parcels:
            parcel.lease, parcel.due_ms = hold, due_ms
            parcel.request, parcel.sequence = request, sequence
        insort(self.leased_at, now_ms)  # a turn that had to wait tells an earlier time
        if self.health.state != "healthy":
            self.health.pause_until = hold.until_ms
        self.touch(now_ms)

    def may_move_ms(self, now_ms: int) -> int:
        """Give an instant before which nothing of it can be leased; early rather than late."""
        if not self.is_active or not self.waiting:
            return NEVER

        def due_ms(parcel: Parcel) -> int:
            early_ms = 0 if parcel.request else self.wishes.batch_wait_ms
            return max(parcel.due_ms - early_ms, parcel.held_until_ms(now_ms))

        return max(self._soonest(due_ms), self.health.pause_until)

    def must_move_ms(self, now_ms: int) -> int:
        """Give when it ought to have been sent something at the latest, were a worker idle."""
        is_held = any(
            one.held_until_ms(now_ms) and one.lease and not one.lease.is_lost
            for one in self.waiting.values()
        )
        if not self.is_active or is_held:
            return NEVER
        due_ms = self._soonest(lambda one: max(one.due_ms, one.lease.until_ms if one.lease else 0))
        due_ms = min(due_ms, self._full_ms())
        return max(due_ms, self.health.pause_until, self.moved_ms, self._paced_ms())

    def left_behind(self, now_ms: int) -> list[Parcel]:
        """Give what was not tried for longer than it takes to try all others once."""
        heads = self._heads()
        round_ms = LEFT_MS_MAX + self.wishes.batch_wait_ms
        if self.health.state == "suspended":
            round_ms += len(heads) * TRIAL_MS_MAX
        return [one for one in heads if one.due_ms + round_ms < now_ms]

    def _heads(self) -> list[Parcel]:
        """Give what nothing stands before: where no order is kept, that is all."""
        heads: dict[str, Parcel] = {}
        for parcel in self.waiting.values():
            heads.setdefault(parcel.id if parcel.key is None else f"of {parcel.key}", parcel)
        return list(heads.values())

    def _soonest(self, instant: Callable[[Parcel], int]) -> int:
        return min(map(instant, self._heads()), default=NEVER)

    def _full_ms(self) -> int:
        """Give when a whole batch of new facts was there."""
        if self.wishes.ordering != "none":
            return NEVER
        fresh: dict[tuple[str, str], list[int]] = {}
        for parcel in self.waiting.values():
            if parcel.request is None:  # so it was never leased
                cause = "" if self.wishes.batch_wait_ms else parcel.cause
                fresh.setdefault((parcel.fact_type, cause), []).append(parcel.recorded_ms)
        size = self.wishes.batch_size
        return min((some[size - 1] for some in fresh.values() if len(some) >= size), default=NEVER)

    def _paced_ms(self) -> int:
        """Give when its rate allows one more at the latest: evenly spaced, or sooner."""
        rate = self.wishes.conduct.rate_per_second
        if rate is None or not self.leased_at:
            return 0
        return self.leased_at[-1] + math.ceil(1_000 / rate)
