"""Lanes: how many requests each endpoint may have on their way, and whose turn it is.

Every endpoint has a lane of its own: requests on their way, and a deck of leased ones behind them,
so that the store is asked for many at once. A lane's pace is the number that it may have on their
way: it grows by one with each quick success until something fails, then by one for each round; a
failure halves it, and no answer at all leaves one. Whatever is free is dealt out one by one, to the
lanes in turn, beginning after the lane that was dealt to last.

The places are for requests that are young. One that has been out for YOUNG_SECONDS waits for a slow
endpoint: it stays in its own lane and takes nobody else's place any more, so however many endpoints
hang, the others are served. Together they may not pass HANDLES_MAX. A lane that has none but such
requests on its way is slow: what is on its deck goes back to the store, where it takes no place
either, and the lane has no deck until it answers quickly again.

Where order is kept, a request waits on deck while one of its order key is on its way. After a
failure a lane's deck goes back to the store, which knows what may follow.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence

from stampbook.core.lease import DueLane, EndpointKey, Leased

IN_FLIGHT_MAX = 64
HANDLES_MAX = 1_024
DECK_MAX = 1_024
"""How many leased requests may wait in all lanes together."""
DECK_FACTOR = 3
"""How many times its pace a lane may hold, on their way and on deck."""
YOUNG_SECONDS = 1.0
PACE_FIRST = 4
QUICK_FACTOR = 4
QUICK_MARGIN_MS = 50
"""A success is quick when it took no longer than so many times the quickest, and this."""


class _Lane:
    __slots__ = (
        "busy", "deck", "flying", "is_slow", "most", "pace", "quickest_ms", "threshold", "young",
    )  # fmt: skip

    def __init__(self) -> None:
        self.pace = float(PACE_FIRST)
        self.most = PACE_FIRST
        self.threshold = float(HANDLES_MAX)
        self.quickest_ms = float("inf")
        self.flying = 0
        self.young = 0
        self.is_slow = False
        self.deck: deque[Leased] = deque()
        self.busy: set[str] = set()  # order keys on their way

    @property
    def limit(self) -> int:
        return min(int(self.pace), self.most)

    def take(self) -> Leased | None:
        """Take the first request on deck that may go now."""
        if self.flying >= self.limit:
            return None
        if self.deck[0].order_key is None:
            self.flying += 1
            return self.deck.popleft()
        for place, leased in enumerate(self.deck):
            if leased.order_key is None or leased.order_key not in self.busy:
                del self.deck[place]
                self.flying += 1
                if leased.order_key is not None:
                    self.busy.add(leased.order_key)
                return leased
        return None

    def land(self, leased: Leased) -> None:
        self.flying -= 1
        if leased.order_key is not None:
            self.busy.discard(leased.order_key)

    def quicken(self, duration_ms: int) -> None:
        self.quickest_ms = min(self.quickest_ms, duration_ms)
        if duration_ms <= self.quickest_ms * QUICK_FACTOR + QUICK_MARGIN_MS:
            self.pace += 1 if self.pace < self.threshold else 1 / self.pace
            self.pace = min(self.pace, float(self.most))
        if duration_ms < YOUNG_SECONDS * 1000:
            self.is_slow = False

    def slow_down(self, *, was_answered: bool) -> None:
        self.pace = max(1.0, self.pace / 2) if was_answered else 1.0
        self.threshold = self.pace


class Lanes:
    """The lanes of one worker. Pure: sends nothing; seconds are an argument.

    Units: seconds of a clock that never goes back.
    """

    def __init__(self, in_flight_max: int = IN_FLIGHT_MAX) -> None:
        self._in_flight_max = in_flight_max
        self._lanes: dict[EndpointKey, _Lane] = {}
        self._last: EndpointKey | None = None
        self._ready: deque[EndpointKey] = deque()  # lanes with something on deck, in turn
        self._young: dict[str, EndpointKey] = {}
        self._births: deque[tuple[float, str]] = deque()
        self._old: set[str] = set()
        self._unloaded: list[Leased] = []
        self.on_deck = 0

    @property
    def in_flight(self) -> int:
        """All requests on their way."""
        return len(self._young) + len(self._old)

    def shares(self, due: Sequence[DueLane]) -> dict[EndpointKey, int]:
        """Deal what may be leased to the endpoints that have something due.

        Shapes: `due` is sorted; only endpoints that get at least one place are in the result.
        """
        start = 0 if self._last is None else bisect_right(due, self._last, key=lambda one: one[0])
        wanting = [(one.endpoint, self._room(one)) for one in (*due[start:], *due[:start])]
        free = DECK_MAX - self.on_deck
        shares: dict[EndpointKey, int] = {}
        while (wanting := [one for one in wanting if one[1] > 0]) and free > 0:
            each = max(1, free // len(wanting))  # as much as one by one, in turn, would come to
            for place, (endpoint, room) in enumerate(wanting[:free]):
                given = min(room, each)
                wanting[place] = (endpoint, room - given)
                shares[endpoint] = shares.get(endpoint, 0) + given
                free -= given
                self._last = endpoint
        return shares

    def put(self, leased: Leased) -> None:
        """Put a leased request on the deck of its lane."""
        lane = self._lanes[leased.endpoint]
        if not lane.deck:
            self._ready.append(leased.endpoint)
        lane.deck.append(leased)
        self.on_deck += 1

    def depart(self, at: float) -> list[Leased]:
        """Take the requests that go out now, as far as there are places, the lanes in turn."""
        departing: list[Leased] = []
        if not self._ready:
            return departing
        free, idle, ready = self._free(at), 0, self._ready
        while free > len(departing) and idle < len(ready):
            key = ready.popleft()
            lane = self._lanes[key]
            leased = lane.take()
            idle = idle + 1 if leased is None else 0
            if lane.deck:
                ready.append(key)
            if leased is not None:
                lane.young += 1
                self._young[leased.lease_id] = key
                self._births.append((at, leased.lease_id))
                departing.append(leased)
        self.on_deck -= len(departing)
        return departing

    def unload(self) -> list[Leased]:
        """Give what was on the decks of lanes that turned out to be slow, to go back."""
        unloaded, self._unloaded = self._unloaded, []
        return unloaded

    def succeed(self, leased: Leased, duration_ms: int) -> None:
        """Count a request that was received."""
        self._land(leased).quicken(duration_ms)

    def fail(self, leased: Leased, *, was_answered: bool) -> list[Leased]:
        """Count a request that was not received, and give what goes back to the store."""
        lane = self._land(leased)
        lane.slow_down(was_answered=was_answered)
        return self._clear(leased.endpoint, lane)

    def leave(self, leased: Leased) -> list[Leased]:
        """Take back one that was not sent after all, and give what goes back to the store."""
        return self._clear(leased.endpoint, self._land(leased))

    def clear(self) -> list[Leased]:
        """Give all that is on deck, to go back to the store."""
        return [one for key, lane in self._lanes.items() for one in self._clear(key, lane)]

    def _clear(self, key: EndpointKey, lane: _Lane) -> list[Leased]:
        if not lane.deck:
            return []
        self._ready.remove(key)
        back = list(lane.deck)
        lane.deck.clear()
        self.on_deck -= len(back)
        return back

    def _land(self, leased: Leased) -> _Lane:
        lane = self._lanes[leased.endpoint]
        if self._young.pop(leased.lease_id, None) is None:
            self._old.remove(leased.lease_id)
        else:
            lane.young -= 1
        lane.land(leased)
        return lane

    def _free(self, at: float) -> int:
        while self._births and self._births[0][0] <= at - YOUNG_SECONDS:
            _, lease_id = self._births.popleft()
            key = self._young.pop(lease_id, None)
            if key is not None:
                self._old.add(lease_id)
                self._age(key, self._lanes[key])
        return min(self._in_flight_max - len(self._young), HANDLES_MAX - self.in_flight)

    def _age(self, key: EndpointKey, lane: _Lane) -> None:
        lane.young -= 1
        if not lane.young:
            lane.is_slow = True
            self._unloaded += self._clear(key, lane)

    def _room(self, due: DueLane) -> int:
        lane = self._lanes.get(due.endpoint)
        if lane is None:
            lane = self._lanes[due.endpoint] = _Lane()
        lane.most = due.in_flight_max
        has_deck = due.in_flight_max > 1 and not (lane.is_slow or due.is_paced)
        held = lane.limit * DECK_FACTOR if has_deck else lane.limit
        return held - lane.flying - len(lane.deck)
