"""A timed queue: the queue, and how large its transactions are and how long they take."""

from collections.abc import Mapping, Sequence
from time import perf_counter

from stampbook.core.lease import DueLane, EndpointKey, Leased, Outcome
from stampbook.delivery.metrics import Metrics
from stampbook.delivery.queue import Queue
from stampbook.store.deliveries import Settled


class TimedQueue:
    """A queue that counts what the one beneath it does; a transaction that fails is not counted."""

    def __init__(self, queue: Queue, metrics: Metrics) -> None:
        self._queue = queue
        self._metrics = metrics

    def due(self, now_ms: int) -> list[DueLane]:
        """Give the endpoints that may be sent something now, in a steady order."""
        return self._queue.due(now_ms)

    def lease(
        self, shares: Mapping[EndpointKey, int], *, now_ms: int, until_ms: int
    ) -> list[Leased]:
        """Take at most so many due requests of each endpoint, the longest due first."""
        start = perf_counter()
        leased = self._queue.lease(shares, now_ms=now_ms, until_ms=until_ms)
        self._metrics.lease_seconds.add(perf_counter() - start)
        self._metrics.lease_sizes.add(len(leased))
        return leased

    def settle(self, outcomes: Sequence[Outcome]) -> Settled:
        """Log tries and store what follows, unless another worker holds the lease by now."""
        start = perf_counter()
        settled = self._queue.settle(outcomes)
        self._metrics.settle_seconds.add(perf_counter() - start)
        self._metrics.settle_sizes.add(len(outcomes))
        return settled

    def release(self, leased: Sequence[Leased]) -> None:
        """Give leases back: the requests are due again at once, and no try is counted."""
        self._queue.release(leased)
