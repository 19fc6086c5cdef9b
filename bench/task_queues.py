"""Task queues: the same signed POSTs as tasks of procrastinate and of Celery.

Their tasks are given the fact, render and sign it as we do, and post it over libcurl, which takes
less of the machine than any other client of Python; what differs is the queue. Each is
measured with two settings, and in each turn the better one counts.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from bench import celery_tasks, procrastinate_tasks
from bench.backlog import deliver_backlog
from bench.ground import Ground
from bench.receiver import Receiver, receiving
from bench.report import Measured, Target, ratio_of
from stampbook.store.postgres import PostgresBackend

TASKS, TASKS_QUICK = 1_200, 400
DELIVERIES, DELIVERIES_QUICK = 12_000, 4_000
ENOUGH = Target(least=3)
SECONDS_MAX, STOP_SECONDS_MAX = 30, 10
ASK_SECONDS = 0.02


class Processes(Struct, frozen=True, kw_only=True):
    """A way to run procrastinate: so many workers, each with so many tasks at once."""

    count: int
    concurrency: int
    connections: int

    def __str__(self) -> str:
        return f"{self.count} worker(s) of {self.concurrency} tasks"


PROCRASTINATE = (
    Processes(count=1, concurrency=64, connections=16),
    Processes(count=2, concurrency=16, connections=8),
)
CELERY = (("threads", 4, 16), ("prefork", 2, 16))
"""Pool, concurrency and prefetch multiplier."""


def measure_procrastinate(ground: Ground) -> list[Measured]:
    """Measure ours on PostgreSQL against procrastinate on the same server."""
    found = _version("procrastinate")
    if found is None:
        return []
    ours: list[float] = []
    theirs: dict[Processes, list[float]] = {setting: [] for setting in PROCRASTINATE}
    with receiving() as receiver:
        for _ in range(ground.repetitions):
            ours.append(_ours(ground, receiver))
            for setting in PROCRASTINATE:
                theirs[setting].append(_procrastinate(ground, receiver, setting))
    return _measured(
        "procrastinate",
        f"procrastinate {found} on the same PostgreSQL, asyncio, pycurl",
        ours,
        {str(setting): rates for setting, rates in theirs.items()},
    )


def measure_celery(ground: Ground) -> list[Measured]:
    """Measure ours on PostgreSQL against Celery on Redis."""
    found = _version("celery")
    if found is None:
        return []
    if shutil.which("redis-server") is None:
        print("there is no redis-server: left out", file=sys.stderr)
        return []
    ours: list[float] = []
    theirs: dict[str, list[float]] = {f"{pool} of {many}": [] for pool, many, _ in CELERY}
    with receiving() as receiver:
        for _ in range(ground.repetitions):
            ours.append(_ours(ground, receiver))
            for setting, rates in zip(CELERY, theirs.values(), strict=True):
                rates.append(_celery(ground, receiver, *setting))
    settings = "acks_late, appendfsync always, prefetch 16 each, pycurl"
    return _measured("celery", f"Celery {found} on Redis, {settings}", ours, theirs)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        print(f"{package} is not installed: left out", file=sys.stderr)
        return None


def _measured(
    name: str, baseline: str, ours: Sequence[float], theirs: dict[str, list[float]]
) -> list[Measured]:
    best = [max(turn) for turn in zip(*theirs.values(), strict=True)]
    each = ", ".join(f"{setting} {median(rates):.0f}/s" for setting, rates in theirs.items())
    return [
        Measured(
            name=f"delivery_vs_{name}_ratio",
            value=ratio_of(ours, best),
            target=ENOUGH,
            baseline=f"{baseline}: {each}",
        ),
        Measured(name=f"{name}_per_second", value=median(best), baseline=baseline),
    ]


def _ours(ground: Ground, receiver: Receiver) -> float:
    deliveries = DELIVERIES_QUICK if ground.is_quick else DELIVERIES
    return deliver_backlog(ground, "postgres", receiver, deliveries).rate


def _tasks(ground: Ground) -> int:
    return TASKS_QUICK if ground.is_quick else TASKS


def _procrastinate(ground: Ground, receiver: Receiver, setting: Processes) -> float:
    """Give tasks per second."""
    count = _tasks(ground)
    with ground.empty_postgres() as url:
        procrastinate_tasks.defer(url, receiver.url("/task"), count)
        work = procrastinate_tasks.Work(
            database=url, concurrency=setting.concurrency, connections=setting.connections
        )
        backend = PostgresBackend(url)
        rate = _timed(
            receiver,
            count,
            [("bench.procrastinate_tasks", work)] * setting.count,
            lambda: procrastinate_tasks.is_done(backend),
        )
        backend.close()
    return rate


def _celery(
    ground: Ground, receiver: Receiver, pool: str, concurrency: int, prefetch: int
) -> float:
    """Give tasks per second."""
    count = _tasks(ground)
    with (
        TemporaryDirectory(dir=ground.folder) as folder,
        celery_tasks.private_redis(Path(folder)) as socket,
    ):
        celery_tasks.send(socket, receiver.url("/task"), count)
        work = celery_tasks.Work(
            socket=socket, pool=pool, concurrency=concurrency, prefetch=prefetch
        )
        return _timed(
            receiver,
            count,
            [("bench.celery_tasks", work)],
            lambda: celery_tasks.is_done(socket),
        )


def _timed(
    receiver: Receiver,
    count: int,
    workers: Sequence[tuple[str, Struct]],
    is_done: Callable[[], bool],
) -> float:
    """Give tasks per second from the first receipt until the queue says that all are done."""
    receiver.arrivals()
    deadline = time.monotonic() + SECONDS_MAX
    with _working(workers):
        while receiver.count() < count or not is_done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{receiver.count()} of {count} tasks in {SECONDS_MAX} s")
            time.sleep(ASK_SECONDS)
        done_at = time.time()
    return count / (done_at - min(receiver.arrivals().values()) / 1e9)


@contextmanager
def _working(workers: Sequence[tuple[str, Struct]]) -> Generator[None]:
    """Run workers until the block ends."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", f"from {module} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        for module, _ in workers
    ]
    try:
        for process, (_, work) in zip(processes, workers, strict=True):
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(work) + b"\n")
            process.stdin.flush()
        yield
    finally:
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in processes:
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
