"""The engine: admits commands, and writes them batch by batch; the only writer of points."""

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from itertools import chain
from threading import Lock, Thread

import structlog

from stampbook import commands
from stampbook.engine.batch import BatchRun, Tools
from stampbook.engine.clock import Clock
from stampbook.engine.deciding import Decide
from stampbook.engine.metrics import Metrics, total
from stampbook.engine.queue import WAITING_MAX, Queue
from stampbook.engine.settling import Settling
from stampbook.engine.submission import (
    Done,
    Failed,
    Outcome,
    Rejected,
    Submission,
    Ticket,
    Unavailable,
)
from stampbook.store.backend import Backend
from stampbook.store.programs import Programs
from stampbook.values.ids import PROCESS_BITS, CommandIds

log = structlog.get_logger()

Resolution = tuple[asyncio.Future[Outcome], Outcome]


def _nothing(_: int) -> None:
    pass


class Engine:
    """The queue and its writers.

    Shapes: `on_deliveries` is called with how many deliveries a commit made due, by a writer's
    thread, and `watch` with each batch that was stored, after its callers were answered. Several
    `writers` help on PostgreSQL only: SQLite takes them in turns.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        programs: Programs | None = None,
        clock: Clock | None = None,
        writers: int = 1,
        waiting_max: int = WAITING_MAX,
        on_deliveries: Callable[[int], None] = _nothing,
        watch: Callable[[BatchRun], None] | None = None,
        decide: Decide = commands.decide,
    ) -> None:
        self.backend = backend
        self.programs = programs or Programs()
        self.clock = clock or Clock()
        self._tools = Tools(
            backend=backend,
            programs=self.programs,
            clock=self.clock,
            secret=os.urandom,
            decide=decide,
            keeps_traces=watch is not None,
        )
        self._watch = watch
        self._queue = Queue(waiting_max)
        self._ids = CommandIds(secrets.randbits(PROCESS_BITS))
        self._admission = Lock()
        self._on_deliveries = on_deliveries
        self._metrics = [Metrics() for _ in range(writers)]
        self._threads = [
            Thread(target=self._write, args=(metrics,), name=f"engine-{number}", daemon=True)
            for number, metrics in enumerate(self._metrics)
        ]

    def start(self) -> None:
        """Begin to write."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more, finish what was admitted, and end."""
        self._queue.close()
        for thread in self._threads:
            thread.join()

    @property
    def is_running(self) -> bool:
        """Tell whether every writer is at work."""
        return all(thread.is_alive() for thread in self._threads)

    @property
    def waiting(self) -> int:
        """How many commands wait."""
        return len(self._queue)

    @property
    def metrics(self) -> Metrics:
        """What was counted so far."""
        return total(self._metrics)

    def submit(self, submission: Submission) -> Future[Outcome]:
        """Admit a command from any thread; it runs to its end, whoever waits.

        Errors: QueueFullError.
        """
        waiter: Future[Outcome] = Future()
        waiter.set_running_or_notify_cancel()  # from here on nobody can cancel it
        self._admit(submission, waiter)
        return waiter

    def ask(self, submission: Submission) -> asyncio.Future[Outcome]:
        """Admit a command from a running event loop; a batch wakes the loop once.

        Errors: QueueFullError.
        """
        waiter: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._admit(submission, waiter)
        return waiter

    def _admit(
        self, submission: Submission, waiter: Future[Outcome] | asyncio.Future[Outcome]
    ) -> None:
        with self._admission:
            command_id = self._ids.take(self.clock.real_ms())
            self._queue.put(Ticket.of(submission, command_id, waiter))

    def _write(self, metrics: Metrics) -> None:
        stored: list[BatchRun] = []
        settling = Settling(
            self.backend,
            lambda tickets: BatchRun(self._tools, tickets, metrics),
            metrics,
            stored.append,
        )
        batches: list[list[Ticket]] = []
        try:
            while batches := self._queue.take():
                while batches:
                    tickets, due = batches[0], metrics.deliveries
                    outcomes = settling.settle(tickets)
                    _count(metrics, outcomes)
                    self._queue.expect(len(tickets))
                    _answer(zip(tickets, outcomes, strict=True))
                    del batches[0]
                    if metrics.deliveries > due:
                        self._on_deliveries(metrics.deliveries - due)
                    self._tell(stored)
        except BaseException as error:
            self._crash(batches, error)
            raise

    def _tell(self, stored: list[BatchRun]) -> None:
        """Tell of batches; nothing that is stored and answered may fail by it."""
        if self._watch is not None:
            for run in stored:
                try:
                    self._watch(run)
                except Exception:
                    log.exception("batch.not_watched")
        stored.clear()

    def _crash(self, batches: Sequence[Sequence[Ticket]], error: BaseException) -> None:
        """Answer everybody: nobody may wait for ever, and this process is not healthy any more."""
        log.critical("engine.crashed", error=repr(error))
        waiting = [*chain.from_iterable(batches), *self._queue.drain()]
        _answer((ticket, Unavailable("the engine crashed")) for ticket in waiting)


def _count(metrics: Metrics, outcomes: Sequence[Outcome]) -> None:
    metrics.batches += 1
    metrics.commands += len(outcomes)
    for outcome in outcomes:
        match outcome:
            case Done(replayed=replayed):
                metrics.replayed += replayed
            case Rejected(replayed=replayed):
                metrics.refused += 1
                metrics.replayed += replayed
            case Unavailable():
                metrics.unavailable += 1
            case Failed():
                metrics.failed += 1


def _answer(answers: Iterable[tuple[Ticket, Outcome]]) -> None:
    """Resolve every waiter; each event loop is woken once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Resolution]] = {}
    for ticket, outcome in answers:
        waiter = ticket.waiter
        if isinstance(waiter, Future):
            if not waiter.done():  # a writer that crashes answers once more
                waiter.set_result(outcome)
        else:
            by_loop.setdefault(waiter.get_loop(), []).append((waiter, outcome))
    for loop, resolutions in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, resolutions)
        except RuntimeError:  # the loop is closed: nobody waits any more
            log.info("engine.loop_closed", waiters=len(resolutions))


def _resolve(resolutions: Sequence[Resolution]) -> None:
    for waiter, outcome in resolutions:
        if not waiter.done():
            waiter.set_result(outcome)
