"""One batch gives the rows that its commands give one by one, on either database."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path

import pytest

from stampbook import commands
from stampbook.commands import Command
from stampbook.engine.batch import BatchRun, Tools
from stampbook.engine.metrics import Metrics
from stampbook.engine.submission import Outcome, Submission, Ticket
from stampbook.store.backend import Backend, Row, open_backend
from stampbook.store.migrate import migrate
from stampbook.store.pools import fill_pool
from stampbook.store.programs import Programs
from stampbook.store.schema import METADATA
from stampbook.store.verify import verify
from stampbook.values.ids import CommandIds
from tests.engine.shop import PROGRAM, START_MS, HandClock, create_shop
from tests.engine.traffic import Traffic

ROUNDS = 10
COMMANDS_PER_ROUND = 25
DAY_MS = 86_400_000
PAUSES_MS = (1_000, 40 * 60_000, 3 * DAY_MS, 100 * DAY_MS)
ORDERS = ("position", "recorded_at_ms")
"""Columns that say when a row was written among others; compared as an order, not as numbers."""


class Side:
    """A database that is written in batches of some size, with ids and secrets from a seed."""

    def __init__(self, url: str, batch_size: int) -> None:
        self.backend: Backend = open_backend(url)
        create_shop(self.backend)
        with self.backend.transaction() as unit:
            fill_pool(unit, PROGRAM, "card", [f"CODE-{number}" for number in range(5)])
        self.clock = HandClock()
        self._size = batch_size
        self._ids = CommandIds(3)
        self._secrets = 0
        self._tools = Tools(
            backend=self.backend,
            programs=Programs(),
            clock=self.clock,
            secret=self._secret,
            decide=commands.decide,
        )

    def run(self, wanted: Sequence[Command], name: str) -> list[Outcome]:
        tickets = [
            self._ticket(command, f"{name}-{number}") for number, command in enumerate(wanted)
        ]
        outcomes: list[Outcome] = []
        for start in range(0, len(tickets), self._size):
            run = BatchRun(self._tools, tickets[start : start + self._size], Metrics())
            run.run()
            outcomes += run.outcomes
        return outcomes

    def column(self, sql: str) -> Callable[[], list[str]]:
        def read() -> list[str]:
            with self.backend.read() as unit:
                return [row[0] for row in unit.rows(sql)]

        return read

    def picture(self) -> dict[str, list[Row]]:
        """Give all rows without their places, and the places as orders of ids."""
        picture: dict[str, list[Row]] = {}
        with self.backend.read() as unit:
            for name, table in METADATA.tables.items():
                columns = ", ".join(each for each in table.columns.keys() if each not in ORDERS)  # noqa: SIM118
                rows = unit.rows(f"SELECT {columns} FROM {name}")
                plain = [tuple(int(v) if isinstance(v, bool) else v for v in row) for row in rows]
                picture[name] = sorted(plain, key=str)
            picture["facts in order"] = unit.rows("SELECT id FROM fact ORDER BY position")
            picture["entries in order"] = unit.rows("SELECT id FROM entry ORDER BY position, id")
            picture["differences"] = [(each,) for each in verify(unit, PROGRAM)]
        return picture

    def _ticket(self, command: Command, key: str) -> Ticket:
        submission = Submission(
            program_id=PROGRAM, command=command, principal="p", cause="c", idempotency_key=key
        )
        return Ticket.of(submission, self._ids.take(START_MS), Future())

    def _secret(self, size: int) -> bytes:
        self._secrets += 1
        return sha256(str(self._secrets).encode()).digest()[:size]


@pytest.mark.parametrize("seed", range(3))
def test_one_batch_gives_the_rows_of_its_commands_one_by_one(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    other = f"sqlite:///{tmp_path / 'one-by-one.db'}"
    migrate(other)
    batched, single = Side(database_url, COMMANDS_PER_ROUND), Side(other, 1)
    traffic = Traffic(
        seed,
        single.column("SELECT id FROM points_transaction ORDER BY id"),
        single.column("SELECT code FROM coupon ORDER BY code"),
    )
    for number in range(ROUNDS):
        wanted = traffic.commands(COMMANDS_PER_ROUND)
        assert batched.run(wanted, str(number)) == single.run(wanted, str(number))
        pause = PAUSES_MS[number % len(PAUSES_MS)]
        for side in (batched, single):
            side.clock.at_ms += pause
    expected = single.picture()
    assert expected["differences"] == []
    assert len(expected["entry"]) > 40
    assert batched.picture() == expected
    for side in (batched, single):
        side.backend.close()
