"""A timed queue: the queue, and how large its transactions are and how long they take."""

from time import perf_counter

from stampbook.core.lease import Leased, Turn
from stampbook.delivery.metrics import Metrics
from stampbook.delivery.queue import Deal, Queue


class TimedQueue:
    """A queue that counts what the one beneath it does; a turn that fails is not counted."""

    def __init__(self, queue: Queue, metrics: Metrics) -> None:
        self._queue = queue
        self._metrics = metrics

    def turn(self, turn: Turn, deal: Deal) -> list[Leased]:
        """Settle tries, give leases back, and lease what is dealt."""
        start = perf_counter()
        leased = self._queue.turn(turn, deal)
        if leased or turn.outcomes:  # asking in vain is no turn
            self._metrics.turn_seconds.add(perf_counter() - start)
            self._metrics.lease_sizes.add(len(leased))
            self._metrics.settle_sizes.add(len(turn.outcomes))
        return leased
