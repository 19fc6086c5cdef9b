"""Lanes: how many requests each endpoint may have on their way, and whose turn it is.

Every endpoint has a lane of its own. A lane's pace is the number of requests it may have in flight:
it doubles with each success and falls to one with a failure, so an endpoint that hangs soon holds
one place and not all of them. What is free is dealt out one by one to the lanes that have
something due, beginning after the lane that was dealt to last.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence

from stampbook.core.lease import EndpointKey

IN_FLIGHT_MAX = 64
PACE_FIRST = 4
PACE_MAX = 16


class _Lane:
    __slots__ = ("in_flight", "pace")

    def __init__(self) -> None:
        self.pace = PACE_FIRST
        self.in_flight = 0


class Lanes:
    """The lanes of one worker. Pure: knows counts, no requests and no time."""

    def __init__(self) -> None:
        self._lanes: dict[EndpointKey, _Lane] = {}
        self._last: EndpointKey | None = None
        self.in_flight = 0

    def shares(self, due: Sequence[EndpointKey]) -> dict[EndpointKey, int]:
        """Deal the free places to the endpoints that have something due.

        Shapes: `due` is sorted; only endpoints that get at least one place are in the result.
        """
        start = 0 if self._last is None else bisect_right(due, self._last)
        queue = deque((*due[start:], *due[:start]))
        free = IN_FLIGHT_MAX - self.in_flight
        shares: dict[EndpointKey, int] = {}
        while queue and free:
            key = queue.popleft()
            share = shares.get(key, 0)
            if share < self._room(key):
                shares[key] = share + 1
                self._last = key
                free -= 1
                queue.append(key)
        return shares

    def start(self, key: EndpointKey) -> None:
        """Count a request that goes out."""
        self._lanes.setdefault(key, _Lane()).in_flight += 1
        self.in_flight += 1

    def finish(self, key: EndpointKey, *, delivered: bool) -> None:
        """Count a request that came back, and set the pace of its lane."""
        lane = self._lanes[key]
        lane.in_flight -= 1
        self.in_flight -= 1
        lane.pace = min(PACE_MAX, lane.pace * 2) if delivered else 1

    def _room(self, key: EndpointKey) -> int:
        lane = self._lanes.get(key)
        return PACE_FIRST if lane is None else max(0, lane.pace - lane.in_flight)
