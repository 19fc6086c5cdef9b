"""Metrics: what delivery counts, cheap enough to be always on: no lock, and no object per count.

Shapes: one thread counts a number, any may read; what is read may be a try or two apart.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import get_args

from stampbook.core.delivery import Delivered, Failed, RetryAt, Verdict
from stampbook.core.lease import Outcome
from stampbook.core.replays import ReplayKind
from stampbook.delivery.call import ADDRESS_REFUSED
from stampbook.delivery.tokens import Fetches
from stampbook.values.ids import ms_of
from stampbook.values.instants import to_ms

ATTEMPT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30)
RECEIPT_SECONDS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 43200, 172800,
)  # fmt: skip
STORE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

RESULTS: dict[type[Verdict], str] = {Delivered: "delivered", RetryAt: "retry", Failed: "failed"}

AttemptKey = tuple[str, type[Verdict], int]
"""A dialect, what was decided, and the hundreds of the status code, 0 for no answer."""


class Spread:
    """How often a value was how large: a histogram. Shapes: `counts` has one cell more for more."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


def _nothing() -> int:
    return 0


class Metrics:
    """What a worker has counted since its start.

    Shapes: `in_flight` says how many requests are out, `tokens` what became of those it fetched.
    """

    __slots__ = (
        "attempt_seconds", "attempts", "egress_refusals", "in_flight", "lease_sizes",
        "receipt_seconds", "replayed", "settle_sizes", "tokens", "turn_seconds",
    )  # fmt: skip

    def __init__(self, in_flight: Callable[[], int] = _nothing) -> None:
        self.in_flight = in_flight
        self.tokens: Callable[[], Fetches] = Fetches
        self.replayed: dict[ReplayKind, int] = dict.fromkeys(get_args(ReplayKind), 0)
        self.attempts: dict[AttemptKey, int] = {}
        self.attempt_seconds: dict[str, Spread] = {}
        self.receipt_seconds: dict[str, Spread] = {}
        self.egress_refusals = 0
        self.lease_sizes, self.settle_sizes = Spread(BATCH_SIZES), Spread(BATCH_SIZES)
        self.turn_seconds = Spread(STORE_SECONDS)

    def count_replayed(self, kind: ReplayKind, queued: int) -> None:
        """Count deliveries that a replay made due."""
        self.replayed[kind] += queued

    def count(self, outcome: Outcome) -> None:
        """Count a finished try."""
        dialect, verdict = outcome.leased.dialect, type(outcome.verdict)
        key = (dialect, verdict, (outcome.status_code or 0) // 100)
        self.attempts[key] = self.attempts.get(key, 0) + 1
        spread = self.attempt_seconds.get(dialect)
        if spread is None:
            spread = self.attempt_seconds[dialect] = Spread(ATTEMPT_SECONDS)
            self.receipt_seconds[dialect] = Spread(RECEIPT_SECONDS)
        spread.add(outcome.duration_ms / 1000)
        if verdict is Delivered:
            receipts = self.receipt_seconds[dialect]
            for wait_ms in waits_ms(outcome):
                receipts.add(wait_ms / 1000)
        elif outcome.error == ADDRESS_REFUSED:
            self.egress_refusals += 1


def waits_ms(outcome: Outcome) -> list[int]:
    """Give how long each fact of a request was on its way when the try ended.

    Shapes: from when it was recorded, or from when it was asked to be sent again, by the id of the
    delivery that this made.
    Units: milliseconds.
    """
    leased, ended_ms = outcome.leased, outcome.ended_at_ms
    return [
        max(0, ended_ms - max(to_ms(fact.recorded_at), ms_of(id_)))
        for fact, id_ in zip(leased.facts, leased.delivery_ids, strict=True)
    ]
