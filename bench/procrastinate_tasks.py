"""Webhooks as tasks of procrastinate, whose queue is tables of PostgreSQL.

Tasks are coroutines in its own asynchronous worker. A worker is `main` in a process of its own,
with `Work` as JSON on its first line of input; it ends with the input.
"""

import asyncio
import signal
import sys
from importlib import import_module
from typing import Any

import msgspec
from msgspec import Struct

from bench.posting import AsyncPoster, argument_of, facts, request_of
from stampbook.store.postgres import PostgresBackend

LIFE_SECONDS_MAX = 600
TASK = "bench.post"
DEFERRED_AT_ONCE = 500
OPEN = "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'"


class Work(Struct, frozen=True, kw_only=True):
    """What a worker works on, and on how many tasks at once."""

    database: str
    concurrency: int
    connections: int


def defer(database: str, url: str, count: int) -> None:
    """Put tasks into the queue of an empty database."""
    procrastinate = import_module("procrastinate")
    app: Any = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=database))
    with app.open():
        app.schema_manager.apply_schema()
        deferrer: Any = app.configure_task(TASK)
        tasks = [{"url": url, "fact": argument_of(fact)} for fact in facts(count)]
        for first in range(0, count, DEFERRED_AT_ONCE):
            deferrer.batch_defer(*tasks[first : first + DEFERRED_AT_ONCE])


def is_done(backend: PostgresBackend) -> bool:
    """Tell whether every task has succeeded."""
    with backend.read() as unit:
        return unit.rows(OPEN) == [(0,)]


async def _work(work: Work) -> None:
    procrastinate = import_module("procrastinate")
    connector = procrastinate.PsycopgConnector(
        conninfo=work.database, min_size=work.connections, max_size=work.connections
    )
    app: Any = procrastinate.App(connector=connector)
    poster = AsyncPoster()

    async def post(url: str, fact: dict[str, Any]) -> None:
        await poster.post(request_of(url, fact))

    app.task(post, name=TASK)
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(concurrency=work.concurrency, install_signal_handlers=False)
        )
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), worker.cancel)
        await asyncio.wait([worker])


def main() -> None:
    """Work until the input ends."""
    signal.alarm(LIFE_SECONDS_MAX)
    asyncio.run(_work(msgspec.json.decode(sys.stdin.buffer.readline(), type=Work)))
