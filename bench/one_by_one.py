"""The same commands one transaction each, and from many waiting callers: what batches gain."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import count
from secrets import randbits, token_bytes

from bench.shop import submission
from stampbook.commands import Command, decide
from stampbook.engine.batch import BatchRun, Tools
from stampbook.engine.clock import Clock
from stampbook.engine.metrics import Metrics
from stampbook.engine.settling import Settling
from stampbook.engine.submission import Done, Outcome, Ticket
from stampbook.engine.writer import Engine
from stampbook.store.backend import Backend
from stampbook.store.programs import Programs
from stampbook.values.ids import PROCESS_BITS, CommandIds

WAITING_SECONDS_MAX = 30


def one_by_one_rate(
    backend: Backend, commands: Sequence[Command], *, connections: int, seconds: float
) -> float:
    """Give commands per second, each decided and stored alone by the engine's own batch code.

    Shapes: each connection is a thread that takes the next command, without queue or hand-over.
    """
    tools, places = tools_of(backend), count()
    ends = time.perf_counter() + seconds
    done = [0] * connections

    def work(place: int) -> None:
        metrics, ids = Metrics(), CommandIds(randbits(PROCESS_BITS))
        settling = Settling(backend, lambda some: BatchRun(tools, some, metrics), metrics)
        while time.perf_counter() < ends:
            command = commands[next(places) % len(commands)]
            ticket = Ticket.of(submission(command), ids.take(tools.clock.real_ms()), Future())
            [outcome] = settling.settle([ticket])
            assert isinstance(outcome, Done), outcome
            done[place] += 1

    took = _timed(work, connections)
    return sum(done) / took


def _timed(work: Callable[[int], None], threads: int) -> float:
    running = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
    start = time.perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return time.perf_counter() - start


def tools_of(backend: Backend) -> Tools:
    """Give what an engine's batches work with."""
    return Tools(
        backend=backend, programs=Programs(), clock=Clock(), secret=token_bytes, decide=decide
    )


class _Callers:
    """So many callers, each of whom asks for the next command when the last one is answered."""

    def __init__(self, engine: Engine, commands: Sequence[Command], seconds: float) -> None:
        self._engine = engine
        self._commands = commands
        self._places = count()
        self._ends = time.perf_counter() + seconds
        self._lock = threading.Lock()
        self.done = 0
        self.waiting = 0
        self.are_gone = threading.Event()

    def ask(self) -> None:
        command = self._commands[next(self._places) % len(self._commands)]
        self._engine.submit(submission(command)).add_done_callback(self._answered)

    def _answered(self, waiter: "Future[Outcome]") -> None:
        good = isinstance(waiter.result(), Done)
        leaves = not good or time.perf_counter() >= self._ends
        with self._lock:
            self.done += good
            self.waiting -= leaves
            if not self.waiting:
                self.are_gone.set()
        if not leaves:
            self.ask()


def batched_rate(
    backend: Backend, commands: Sequence[Command], *, callers: int, writers: int, seconds: float
) -> float:
    """Give commands per second of an engine with so many waiting callers."""
    engine = Engine(backend, writers=writers)
    engine.start()
    start = time.perf_counter()
    asking = _Callers(engine, commands, seconds)
    asking.waiting = callers
    for _ in range(callers):
        asking.ask()
    assert asking.are_gone.wait(seconds + WAITING_SECONDS_MAX), "callers still wait"
    took = time.perf_counter() - start
    engine.stop()
    assert not engine.metrics.failed, engine.metrics
    return asking.done / took
