"""A backlog: deliveries that are held for endpoints that are closed, until they are opened."""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import partial

import psycopg
from msgspec import Struct

from bench.courier import delivering
from bench.cpu import cpu_of
from bench.ground import Ground
from bench.receiver import Receiver
from stampbook.delivery.lanes import IN_FLIGHT_MAX
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.store.backend import open_backend
from stampbook.store.migrate import migrate
from stampbook.values.ids import CommandIds
from tests.delivery.sink import Sink
from tests.delivery.stage import PROGRAM, Clock, Stage, a_secret

ENDPOINTS = 8
"""Enough that no endpoint's own limit is what is measured."""

WORKERS = 2
"""Processes: one for each core that they are measured on, as `serve --processes 2` starts them."""
IN_FLIGHT = IN_FLIGHT_MAX
"""In all workers together: what one has by itself."""

MASTER_KEY = new_master_key()
STORED_AT_ONCE = 1_000
SECONDS_MAX = 90
ASK_SECONDS = 0.02
"""How often the receiver is asked how far it is, and the database at the end."""


class Run(Struct, frozen=True, kw_only=True):
    """A backlog that was delivered. Units: seconds."""

    deliveries: int
    delivering: float
    """From the first receipt until the last delivery was settled in the database."""
    draining: float
    """From the opening of the endpoints until then."""
    worker_cpu: float
    postgres_cpu: float

    @property
    def rate(self) -> float:
        """Deliveries in a second."""
        return self.deliveries / self.delivering


def deliver_backlog(ground: Ground, kind: str, receiver: Receiver, deliveries: int) -> Run:
    """Open the endpoints of a backlog before workers that are at work already, and time it."""
    stocked = partial(_stock, deliveries=deliveries)
    with (
        ground.copy_of(kind, f"backlog-{deliveries}", stocked) as url,
        _staging(url, receiver.port) as stage,
        ExitStack() as stack,
    ):
        couriers = [delivering(url, MASTER_KEY, IN_FLIGHT // WORKERS) for _ in range(WORKERS)]
        workers = [stack.enter_context(courier) for courier in couriers]
        receiver.arrivals()
        before = [cpu_of(worker) for worker in workers], cpu_of(ground.server_pid)
        opened_at = time.time()
        _open(stage)
        _await(stage, receiver, deliveries)
        settled_at = time.time()
        arrivals = receiver.arrivals()
        assert len(arrivals) == deliveries, f"{len(arrivals)} of {deliveries} were received"
        return Run(
            deliveries=deliveries,
            delivering=settled_at - min(arrivals.values()) / 1e9,
            draining=settled_at - opened_at,
            worker_cpu=sum(
                cpu_of(worker).since(cpu).total
                for worker, cpu in zip(workers, before[0], strict=True)
            ),
            postgres_cpu=cpu_of(ground.server_pid).since(before[1]).total,
        )


def _stock(url: str, *, deliveries: int) -> None:
    """Put a program, endpoints that are closed, and what is held for them into a database."""
    migrate(url)
    with _staging(url, port=0) as stage:
        with stage.backend.transaction() as unit:
            unit.run(
                "INSERT INTO program (id, name, clock, version, created_at_ms)"
                " VALUES (?, 'Shop', 'real', 1, ?)",
                (PROGRAM, stage.clock()),
            )
        endpoints = [stage.endpoint(f"/{number}", batch_size=1) for number in range(ENDPOINTS)]
        for number, first in enumerate(range(0, deliveries, STORED_AT_ONCE)):
            count = min(STORED_AT_ONCE, deliveries - first)
            stage.deliver(endpoints[number % ENDPOINTS], count)
        with stage.backend.transaction() as unit:
            unit.run("UPDATE endpoint SET status = 'disabled'")
    if url.startswith("postgresql:"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")


@contextmanager
def _staging(url: str, port: int) -> Generator[Stage]:
    backend = open_backend(url)
    try:
        sink = Sink(port=port)
        yield Stage(backend, sink, Vault([MASTER_KEY]), Clock(), CommandIds(1), a_secret())
    finally:
        backend.close()


def _open(stage: Stage) -> None:
    """Let what is held go to the receiver."""
    with stage.backend.transaction() as unit:
        unit.run(
            "UPDATE endpoint SET status = 'active', url = replace(url, ':0/', ?)",
            (f":{stage.sink.port}/",),
        )


def _await(stage: Stage, receiver: Receiver, deliveries: int) -> None:
    """Wait until everything is settled; the database is asked only when all was received."""
    deadline = time.monotonic() + SECONDS_MAX
    while receiver.count() < deliveries or _settled(stage) < deliveries:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{_settled(stage)} of {deliveries} delivered in {SECONDS_MAX} s")
        time.sleep(ASK_SECONDS)


def _settled(stage: Stage) -> int:
    with stage.backend.read() as unit:
        [(count,)] = unit.rows("SELECT count(*) FROM delivery WHERE status = 'delivered'")
    return count
