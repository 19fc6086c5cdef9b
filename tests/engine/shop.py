"""A shop for tests: a program in a database, and an engine that writes it."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, TypeVar

from stampbook import commands
from stampbook.commands import Command
from stampbook.core.definition import (
    Activity,
    Approval,
    Computation,
    Definition,
    Expiry,
    Level,
    PointsSettings,
    Reward,
    Tiers,
)
from stampbook.engine.clock import Clock
from stampbook.engine.deciding import Decide
from stampbook.engine.submission import Done, Outcome, Submission
from stampbook.engine.writer import Engine
from stampbook.program.version import definition_hash
from stampbook.store.admin import NewVersion, create_program
from stampbook.store.backend import Backend, Row, open_backend
from stampbook.store.schema import METADATA
from stampbook.values.ids import ProgramId
from stampbook.values.json import decode

T = TypeVar("T")

PROGRAM = ProgramId("corner")
START_MS = 1_750_000_000_000
WAIT_SECONDS = 30

DEFINITION = Definition(
    name="Corner",
    points=PointsSettings(expiry=Expiry(months=6), hold_minutes=30),
    tiers=Tiers(
        levels=(
            Level(id="blue", name="Blue", threshold=0),
            Level(id="red", name="Red", threshold=500),
        )
    ),
    activities=(
        Activity(
            id="buy", name="Buy", on="order", computation=Computation(kind="multiplier_based")
        ),
        Activity(id="visit", name="Visit", computation=Computation(kind="fixed", points=50)),
        Activity(
            id="post",
            name="Post",
            computation=Computation(kind="fixed", points=20),
            approval=Approval(method="manual"),
        ),
        Activity(
            id="wait",
            name="Wait",
            computation=Computation(kind="fixed", points=30),
            approval=Approval(method="after_days", days=2),
        ),
    ),
    rewards=(
        Reward(id="mug", name="Mug", sub_type="product", points=100, stock=40),
        Reward(id="card", name="Card", sub_type="gift_card", points=60, coupon="pool"),
    ),
)


def version(definition: Definition = DEFINITION) -> NewVersion:
    return NewVersion(source="", definition=definition, hash=definition_hash(definition))


class HandClock(Clock):
    """Real time that stands where it is put."""

    def __init__(self, at_ms: int = START_MS) -> None:
        super().__init__(lambda: self.at_ms)
        self.at_ms = at_ms


class Shop:
    """The program and its engine."""

    def __init__(self, backend: Backend, engine: Engine, clock: HandClock) -> None:
        self.backend = backend
        self.engine = engine
        self.clock = clock

    def submission(self, command: Command, **fields: Any) -> Submission:
        given: dict[str, Any] = {"program_id": PROGRAM, "principal": "tests", "cause": "test"}
        return Submission(command=command, **{**given, **fields})

    def do(self, command: Command, **fields: Any) -> Outcome:
        return self.engine.submit(self.submission(command, **fields)).result(WAIT_SECONDS)

    def done(self, command: Command, kind: type[T], **fields: Any) -> T:
        outcome = self.do(command, **fields)
        assert isinstance(outcome, Done), outcome
        return decode(outcome.result, kind)

    def all(self, submissions: Iterable[Submission]) -> list[Outcome]:
        futures = [self.engine.submit(each) for each in submissions]
        return [future.result(WAIT_SECONDS) for future in futures]

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[Row]:
        with self.backend.read() as unit:
            return unit.rows(sql, tuple(values))

    def count(self, table: str) -> int:
        return self.rows(f"SELECT count(*) FROM {table}")[0][0]

    def dump(self) -> dict[str, list[Row]]:
        """Give all rows of all tables, in the order of their text."""
        with self.backend.read() as unit:
            return {
                table: sorted(unit.rows(f"SELECT * FROM {table}"), key=str)
                for table in METADATA.tables
            }


def create_shop(
    backend: Backend, definition: Definition = DEFINITION, test_clock_ms: int | None = None
) -> None:
    """Create the program."""
    with backend.transaction() as unit:
        create_program(
            unit,
            PROGRAM,
            version(definition),
            created_at_ms=START_MS,
            test_clock_ms=test_clock_ms,
        )


@contextmanager
def opened(
    url: str,
    *,
    definition: Definition = DEFINITION,
    test_clock_ms: int | None = None,
    is_new: bool = True,
    writers: int = 1,
    decide: Decide = commands.decide,
    on_deliveries: Callable[[int], None] = lambda _: None,
) -> Generator[Shop]:
    """Open a shop on a migrated database, and close it."""
    backend = open_backend(url)
    if is_new:
        create_shop(backend, definition, test_clock_ms)
    clock = HandClock()
    engine = Engine(
        backend, clock=clock, writers=writers, decide=decide, on_deliveries=on_deliveries
    )
    engine.start()
    try:
        yield Shop(backend, engine, clock)
    finally:
        engine.stop()
        backend.close()
