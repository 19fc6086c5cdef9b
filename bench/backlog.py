"""A backlog: endpoints of a receiver, and deliveries that wait for them."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from stampbook.core.lease import EndpointKey
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.store.backend import open_backend
from stampbook.store.migrate import migrate
from stampbook.values.ids import CommandIds
from tests.delivery.sink import Sink
from tests.delivery.stage import PROGRAM, Clock, Stage, a_secret

MASTER_KEY = new_master_key()
AT_ONCE = 1_000
"""How many deliveries are stored in one transaction."""

ENDPOINTS = 8


def stock_backlog(url: str, *, deliveries: int) -> None:
    """Put a program, endpoints that are disabled, and what waits for them into a database."""
    migrate(url)
    with staging(url, port=9) as stage:
        with stage.backend.transaction() as unit:
            unit.run(
                "INSERT INTO program (id, name, clock, version, created_at_ms)"
                " VALUES (?, 'Shop', 'real', 1, ?)",
                (PROGRAM, stage.clock()),
            )
        endpoints = [stage.endpoint(f"/{number}") for number in range(ENDPOINTS)]
        for first in range(0, deliveries, AT_ONCE):
            stage.deliver(endpoints[first // AT_ONCE % ENDPOINTS], min(AT_ONCE, deliveries - first))
        with stage.backend.transaction() as unit:
            unit.run("UPDATE endpoint SET status = 'disabled'")


@contextmanager
def staging(url: str, port: int) -> Generator[Stage]:
    backend = open_backend(url)
    try:
        yield Stage(
            backend, Sink(port=port), Vault([MASTER_KEY]), Clock(), CommandIds(1), a_secret()
        )
    finally:
        backend.close()
