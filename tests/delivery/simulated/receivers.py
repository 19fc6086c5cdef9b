"""Receivers that answer by their moods, and a sender that reaches them in simulated time."""

import heapq
from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from msgspec import Struct

from stampbook.delivery.call import Request, Response
from stampbook.delivery.worker import Sent
from tests.delivery.simulated.clock import US_PER_MS, US_PER_SECOND, Clock
from tests.delivery.simulated.script import MoodName, Place

TIMEOUT_MS = 15_000
NEVER_US = 2**62
TIMED_OUT = "timed out"
REFUSED = "could not connect"


class Line(Protocol):
    """What a sender is connected to."""

    def delivers(self, sent: Sent, request: Request) -> Response:
        """Bring a request to its receiver, and give what will be answered."""
        ...

    def hears(self, sent: Sent, response: Response) -> None:
        """Note that an answer is handed back."""
        ...


class Receivers:
    """All receivers of a play; `number` is the endpoint's in the script."""

    def __init__(self, seed: int, places: Sequence[Place]) -> None:
        self._places = places
        self._dice = [Random(f"receiver {seed} {number}") for number in range(len(places))]

    def answer(self, number: int, at_ms: int, *, has_poison: bool) -> Response:
        """Answer a request that comes at an instant of the play."""
        place, dice = self._places[number], self._dice[number]
        mood: MoodName = next(mood.name for mood in place.moods if at_ms < mood.until_ms)
        if has_poison:
            mood = "broken" if mood in {"well", "slow", "moody"} else mood
        return _answer(mood, dice)


def _answer(mood: MoodName, dice: Random) -> Response:  # noqa: C901 - a case for each mood
    quick_ms, status, wait, error = dice.randint(2, 60), None, None, None
    took_ms = quick_ms
    match mood:
        case "well":
            status = dice.choice((200, 202, 204))
        case "slow":
            took_ms, status = dice.randint(700, 9_000), 200
        case "late":
            took_ms, status = dice.randint(9_000, 20_000), 200
        case "broken":
            status = dice.choice((500, 502, 404, 302, 422))
        case "moody":
            status = dice.choice((200, 200, 500))
        case "dead":
            took_ms, error = 1, REFUSED
        case "silent":
            took_ms = TIMEOUT_MS
        case "busy":
            status, wait = dice.choice((429, 503)), dice.choice((None, 1, 30, 1_000, 10**6))
        case "gone":
            status = 410
        case "stranger":
            status = dice.choice((401, 403))
    if took_ms >= TIMEOUT_MS:
        return Response(status_code=None, error=TIMED_OUT, duration_ms=TIMEOUT_MS)
    excerpt = "" if status is None else f"answered {status}"
    return Response(
        status_code=status,
        error=error,
        duration_ms=took_ms,
        retry_after_seconds=wait,
        excerpt=excerpt,
    )


class _Call(Struct, order=True):
    ends_us: int
    number: int
    sent: Sent
    response: Response


class SimulatedSender:
    """Used as a Sender is. Where that one waits, this one says until when and gives what there is.

    Shapes: `wait` moves time only when `pass_time` is set, which gives the time away to others.
    """

    def __init__(self, clock: Clock, line: Line) -> None:
        self._clock = clock
        self._line = line
        self._calls: list[_Call] = []
        self._count = 0
        self.until_us = 0
        self.is_woken = False
        self.pass_time: Callable[[int], None] | None = None

    @property
    def in_flight(self) -> int:
        return len(self._calls)

    @property
    def answers_us(self) -> int:
        """When the next answer comes."""
        return self._calls[0].ends_us if self._calls else NEVER_US

    @property
    def due_us(self) -> int:
        """When there is something to say: an answer, or that the time is over."""
        return self._clock.now_us if self.is_woken else min(self.answers_us, self.until_us)

    def start(self, sent: Sent, request: Request) -> None:
        response = self._line.delivers(sent, request)
        self._count += 1
        ends_us = self._clock.now_us + response.duration_ms * US_PER_MS
        heapq.heappush(self._calls, _Call(ends_us, self._count, sent, response))

    def wait(self, seconds: float) -> list[tuple[Sent, Response]]:
        now_us = self._clock.now_us
        self.until_us = now_us + max(int(seconds > 0), round(seconds * US_PER_SECOND))
        self.is_woken = False
        if self.pass_time is not None:
            self.pass_time(self.due_us)
        finished: list[tuple[Sent, Response]] = []
        while self._calls and self._calls[0].ends_us <= self._clock.now_us:
            call = heapq.heappop(self._calls)
            self._line.hears(call.sent, call.response)
            finished.append((call.sent, call.response))
        if finished:
            self.until_us = self._clock.now_us
        return finished

    def wake(self) -> None:
        self.is_woken = True

    def close(self) -> None:
        self._calls.clear()
