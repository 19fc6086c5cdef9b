"""A session: one consumer, looked at: what is sent to it, and what it says that it processed."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from stampbook.conformance.judging import RECEIVED
from stampbook.conformance.letters import Letters
from stampbook.conformance.wire import Answer, NumberUnreadableError, Post, Wire

ReadSignature = Literal["standard", "vendor"]

POLLS_MAX = 40
LINGER_POLLS = 4


class Limits(Struct, frozen=True, kw_only=True):
    """How long things may take. Units: seconds."""

    answer_seconds_max: float = 5.0
    """What a good consumer needs at the most: it stores, answers, and works afterwards."""
    settle_seconds: float = 2.0
    """How long it may go on processing what it has answered, before its number is believed."""
    run_seconds_max: float = 300.0


DEFAULT_LIMITS = Limits()


class OutOfTimeError(Exception):
    """The run has lasted as long as it may."""


class Session:
    """What the checks work with."""

    def __init__(
        self,
        letters: Letters,
        wire: Wire,
        *,
        count_url: str | None = None,
        reads: ReadSignature = "standard",
        limits: Limits = DEFAULT_LIMITS,
        elapsed: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.letters = letters
        self.reads = reads
        self.limits = limits
        self._wire = wire
        self._count_url = count_url
        self._elapsed = elapsed
        self._pause = pause
        self.received = 0
        """How many requests were answered with 2xx so far."""
        self._ends_at = elapsed() + limits.run_seconds_max

    @property
    def counts(self) -> bool:
        """Tell whether the consumer says how much it has processed."""
        return self._count_url is not None

    def reach(self) -> None:
        """See that somebody listens.

        Errors: UnreachableError.
        """
        self._wire.reach()

    def send(self, post: Post) -> Answer:
        """Send a request over a connection of its own.

        Errors: OutOfTimeError.
        """
        return self.send_along(post)[0]

    def send_along(self, *posts: Post) -> list[Answer]:
        """Send requests one after the other, over one connection if it is kept.

        Errors: OutOfTimeError.
        """
        self._check_time()
        return self._heard(self._wire.send(*posts))

    def send_together(self, posts: Sequence[Post]) -> list[Answer]:
        """Send requests at the same time.

        Errors: OutOfTimeError.
        """
        self._check_time()
        return self._heard(self._wire.send_together(posts))

    def processed(self) -> int:
        """Give how many events the consumer says that it has processed; 0 when it says nothing.

        Errors: NumberUnreadableError.
        """
        if self._count_url is None:
            return 0
        try:
            return msgspec.json.decode(self._wire.read(self._count_url), type=int)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NumberUnreadableError("it answered something else than a whole number") from None

    def miscounted(self, before: int, wanted: int) -> Iterator[str]:
        """Say when the number of processed events does not rise by what it should.

        Shapes: it waits until it has, and then a little for what is too much; without a number
        nothing is said.
        """
        if self._count_url is None:
            return
        rise = 0
        for _ in range(POLLS_MAX):
            rise = self.processed() - before
            if rise >= wanted:
                break
            self._pause(self.limits.settle_seconds / POLLS_MAX)
        self._pause(self.limits.settle_seconds * LINGER_POLLS / POLLS_MAX)
        rise = self.processed() - before
        if rise != wanted:
            yield f"the number of processed events rose by {rise}, not by {wanted}"

    def _heard(self, answers: list[Answer]) -> list[Answer]:
        self.received += sum(answer.status in RECEIVED for answer in answers)
        return answers

    def _check_time(self) -> None:
        if self._elapsed() > self._ends_at:
            raise OutOfTimeError(f"the run has lasted {self.limits.run_seconds_max:.0f} seconds")
