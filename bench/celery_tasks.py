"""Webhooks as tasks of Celery, whose queue is in a Redis of our own that writes everything down.

A worker is `main` in a process of its own, with `Work` as JSON on its first line of input; it ends
with the input.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
from msgspec import Struct

from bench.posting import Poster, argument_of, facts, request_of

LIFE_SECONDS_MAX = 600
START_SECONDS_MAX = 10
ASK_SECONDS = 0.02
TASK = "bench.post"
QUEUE, UNACKNOWLEDGED = "celery", "unacked"
"""What Celery calls them in Redis."""

SUPERVISOR = '"$@" & server=$!; read _; kill "$server"; wait "$server"'
"""Ends the server when the pipe closes, because we are done or because we died."""


class Work(Struct, frozen=True, kw_only=True):
    """What a worker works on, and how: its pool, how many at once, and how many more it holds."""

    socket: str
    pool: str
    concurrency: int
    prefetch: int


@contextmanager
def private_redis(folder: Path) -> Generator[str]:
    """Run a server that syncs every write before it answers; give the path of its socket."""
    path = folder / "redis.sock"
    command = (
        *("redis-server", "--port", "0", "--unixsocket", str(path), "--dir", str(folder)),
        *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
    )
    with subprocess.Popen(
        ["/bin/sh", "-c", SUPERVISOR, "sh", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ):
        deadline = time.monotonic() + START_SECONDS_MAX
        while not path.exists():
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(ASK_SECONDS)
        yield str(path)


def send(socket: str, url: str, count: int) -> None:
    """Put tasks into the queue."""
    app = _app(socket)
    with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
        for fact in facts(count):
            app.send_task(TASK, (url, argument_of(fact)), producer=producer)


def is_done(socket: str) -> bool:
    """Tell whether every task was acknowledged."""
    with import_module("redis").Redis(unix_socket_path=socket) as redis:
        return redis.llen(QUEUE) == redis.hlen(UNACKNOWLEDGED) == 0


def _app(socket: str) -> Any:
    return import_module("celery").Celery(
        broker=f"redis+socket://{socket}",
        set_as_current=True,
        changes={
            "task_acks_late": True,
            "task_ignore_result": True,
            "worker_disable_rate_limits": True,
            "worker_hijack_root_logger": False,
        },
    )


def _work(work: Work) -> None:
    app, poster = _app(work.socket), Poster()
    app.conf.worker_prefetch_multiplier = work.prefetch

    def post(url: str, fact: dict[str, Any]) -> None:
        poster.post(request_of(url, fact))

    app.task(post, name=TASK)
    app.worker_main([
        *("worker", "--loglevel", "ERROR", "--pool", work.pool),
        *("--concurrency", str(work.concurrency)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ])  # fmt: skip


def _end_with_input() -> None:
    # the bare file: processes that are forked close the buffered one, and would wait for its lock
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Work until the input ends."""
    signal.alarm(LIFE_SECONDS_MAX)
    work = msgspec.json.decode(sys.stdin.buffer.readline(), type=Work)
    Thread(target=_end_with_input, daemon=True).start()
    _work(work)
