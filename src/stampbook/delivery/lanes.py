"""Lanes: how many requests each endpoint may have on their way, and whose turn it is.

Every endpoint has a lane of its own. Its pace is the number of requests that it may have in flight:
it grows by one with each quick success until something fails, then by one for each round; a failure
halves it, and no answer at all leaves one. What is free is dealt out one by one to the lanes that
have something due, beginning after the lane that was dealt to last.

The places are for requests that are young. One that has been out for YOUNG_SECONDS waits for a slow
endpoint: it stays in its own lane and takes nobody else's place any more, so however many endpoints
hang, the others are served. Together they may not pass HANDLES_MAX.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence

from stampbook.core.lease import DueLane, EndpointKey

IN_FLIGHT_MAX = 64
HANDLES_MAX = 1_024
YOUNG_SECONDS = 1.0
PACE_FIRST = 4
QUICK_FACTOR = 4
QUICK_MARGIN_MS = 50
"""A success is quick when it took no longer than so many times the quickest, and this."""


class _Lane:
    __slots__ = ("in_flight", "pace", "quickest_ms", "threshold")

    def __init__(self) -> None:
        self.pace = float(PACE_FIRST)
        self.threshold = float(HANDLES_MAX)
        self.quickest_ms = float("inf")
        self.in_flight = 0

    def succeed(self, duration_ms: int, in_flight_max: int) -> None:
        self.quickest_ms = min(self.quickest_ms, duration_ms)
        if duration_ms <= self.quickest_ms * QUICK_FACTOR + QUICK_MARGIN_MS:
            self.pace += 1 if self.pace < self.threshold else 1 / self.pace
            self.pace = min(self.pace, in_flight_max)

    def fail(self, *, was_answered: bool) -> None:
        self.pace = max(1.0, self.pace / 2) if was_answered else 1.0
        self.threshold = self.pace


class Lanes:
    """The lanes of one worker. Pure: knows counts, no requests; seconds are an argument."""

    def __init__(self, in_flight_max: int = IN_FLIGHT_MAX) -> None:
        self._in_flight_max = in_flight_max
        self._lanes: dict[EndpointKey, _Lane] = {}
        self._last: EndpointKey | None = None
        self._young: dict[str, EndpointKey] = {}
        self._births: deque[tuple[float, str]] = deque()
        self._old: dict[str, EndpointKey] = {}

    @property
    def in_flight(self) -> int:
        """All requests on their way."""
        return len(self._young) + len(self._old)

    def free(self, at: float) -> int:
        """Give how many requests may be added. Units: seconds of a clock that never goes back."""
        while self._births and self._births[0][0] <= at - YOUNG_SECONDS:
            _, lease_id = self._births.popleft()
            key = self._young.pop(lease_id, None)
            if key is not None:
                self._old[lease_id] = key
        return min(self._in_flight_max - len(self._young), HANDLES_MAX - self.in_flight)

    def shares(self, due: Sequence[DueLane], at: float) -> dict[EndpointKey, int]:
        """Deal the free places to the endpoints that have something due.

        Shapes: `due` is sorted; only endpoints that get at least one place are in the result.
        """
        start = 0 if self._last is None else bisect_right(due, self._last, key=lambda one: one[0])
        queue = deque((*due[start:], *due[:start]))
        free = self.free(at)
        shares: dict[EndpointKey, int] = {}
        while queue and free > 0:
            one = queue.popleft()
            share = shares.get(one.endpoint, 0)
            if share < self._room(one):
                shares[one.endpoint] = share + 1
                self._last = one.endpoint
                free -= 1
                queue.append(one)
        return shares

    def start(self, lease_id: str, key: EndpointKey, at: float) -> None:
        """Count a request that goes out."""
        self._lanes.setdefault(key, _Lane()).in_flight += 1
        self._young[lease_id] = key
        self._births.append((at, lease_id))

    def succeed(self, lease_id: str, duration_ms: int, in_flight_max: int) -> None:
        """Count a request that was received."""
        self._end(lease_id).succeed(duration_ms, in_flight_max)

    def fail(self, lease_id: str, *, was_answered: bool) -> None:
        """Count a request that was not received."""
        self._end(lease_id).fail(was_answered=was_answered)

    def abandon(self, lease_id: str) -> None:
        """Count a request that never went out."""
        self._end(lease_id)

    def _end(self, lease_id: str) -> _Lane:
        key = self._young.pop(lease_id, None) or self._old.pop(lease_id)
        lane = self._lanes[key]
        lane.in_flight -= 1
        return lane

    def _room(self, due: DueLane) -> int:
        lane = self._lanes.get(due.endpoint)
        pace = PACE_FIRST if lane is None else int(lane.pace)
        return min(pace, due.in_flight_max) - (0 if lane is None else lane.in_flight)
