"""Batches: an engine with many waiting callers against the same commands one by one."""

import os
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from statistics import median

from bench.ground import Ground
from bench.one_by_one import batched_rate, one_by_one_rate
from bench.report import Measured, Target, ratio_of
from bench.shop import award_bodies, awards
from stampbook.store.backend import Backend, open_backend

CALLERS = 64
COMMANDS = 20_000
SYNCS, PAGE_BYTES = 200, 4096
ENOUGH = Target(least=4)
CONNECTIONS = {"sqlite": 1, "postgres": 16}
"""SQLite takes one transaction at a time, so one thread is the fastest way through it."""


def measure_sqlite(ground: Ground) -> list[Measured]:
    """Measure the engine on SQLite, and the disk that decides most of what a batch saves there."""
    return [*_measure(ground, "sqlite"), _disk_sync(ground)]


def measure_postgres(ground: Ground) -> list[Measured]:
    """Measure the engine on PostgreSQL."""
    return _measure(ground, "postgres")


def _measure(ground: Ground, kind: str) -> list[Measured]:
    commands = awards(award_bodies(ground.members, COMMANDS))
    connections = CONNECTIONS[kind]
    alone: list[float] = []
    together: list[float] = []
    for _ in range(ground.repetitions):  # each on databases that look the same
        with _opened(ground, kind) as backend:
            alone.append(
                one_by_one_rate(backend, commands, connections=connections, seconds=ground.seconds)
            )
        with _opened(ground, kind) as backend:
            together.append(
                batched_rate(backend, commands, callers=CALLERS, writers=1, seconds=ground.seconds)
            )
    return _measured(kind, together, alone, connections)


def _disk_sync(ground: Ground) -> Measured:
    """Measure how long the disk takes to keep a page for good."""
    took: list[float] = []
    with (ground.folder / "sync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(PAGE_BYTES))
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - start)
    return Measured(
        name="disk_sync_ms", value=median(took) * 1000, baseline="one page appended and synced"
    )


@contextmanager
def _opened(ground: Ground, kind: str) -> Generator[Backend]:
    if kind == "sqlite":
        backend = open_backend(ground.sqlite())
        yield backend
        backend.close()
        return
    with ground.postgres() as url:
        backend = open_backend(url)
        yield backend
        backend.close()


def _measured(
    kind: str, together: Sequence[float], alone: Sequence[float], connections: int
) -> list[Measured]:
    baseline = f"the same awards, one transaction each, {connections} connection(s)"
    return [
        Measured(
            name=f"engine_{kind}_batch_ratio",
            value=ratio_of(together, alone),
            target=ENOUGH,
            baseline=baseline,
        ),
        Measured(
            name=f"engine_{kind}_batched_per_second",
            value=median(together),
            baseline=f"{CALLERS} waiting callers",
        ),
        Measured(
            name=f"engine_{kind}_one_by_one_per_second",
            value=median(alone),
            baseline=baseline,
        ),
    ]
