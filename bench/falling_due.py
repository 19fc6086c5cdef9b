"""Falling due: expiring lots against the statement that only marks them, and a year of a clock."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import psycopg
from msgspec.structs import replace

from bench.ground import Ground
from bench.report import Measured, Target, ratio_of
from bench.shop import PROGRAM, member_id, profiles, submit_all
from stampbook.clockwork.advance import AdvanceReport, advance
from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints
from stampbook.core.definition import Definition
from stampbook.engine.writer import Engine
from stampbook.program.parse import parse
from stampbook.program.version import definition_hash
from stampbook.store.admin import NewVersion, create_program
from stampbook.store.backend import Backend, open_backend
from stampbook.store.migrate import migrate
from stampbook.values.instants import Instant, to_ms

PROGRAM_TEXT = (Path(__file__).parent / "year.toml").read_text(encoding="utf-8")
START = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
BEFORE_EXPIRY = datetime(2026, 7, 31, tzinfo=UTC)
EXPIRED = datetime(2026, 8, 1, tzinfo=UTC)
"""Between them the awards of the start expire; what reminds of it was before."""

LOTS, LOTS_QUICK, LOTS_EACH = 200_000, 20_000, 10
YEAR_MEMBERS, YEAR_MEMBERS_QUICK = 4_000, 1_000
FIRST_BIRTHDAY, DAYS = date(1980, 1, 1), 366
MARK = (
    "UPDATE lot SET remaining = 0, is_open = false "
    "WHERE program_id = ? AND is_open AND expires_at_ms <= ?"
)
ENOUGH = Target(least=0.05)
BACK_ENDS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
QUARTER, YEAR = 90, 366
JOINED_AT_ONCE = 50
"""How many members of the year join at the same moment of the quarter before it."""


def measure(ground: Ground) -> list[Measured]:
    """Measure both back ends; the worse one counts."""
    expiries = {name: _expiries(ground, kind) for kind, name in BACK_ENDS.items()}
    years = {name: _year(ground, kind) for kind, name in BACK_ENDS.items()}
    ratios = {name: ratio_of(ours, theirs) for name, (ours, theirs) in expiries.items()}
    return [
        Measured(
            name="expire_vs_sql_ratio",
            value=min(ratios.values()),
            target=ENOUGH,
            baseline=f"one UPDATE of {_lots(ground):,} lots, {LOTS_EACH} a member: {_each(ratios)}",
        ),
        *(
            Measured(
                name=f"expired_per_second_{kind}",
                value=median(expiries[name][0]),
                baseline=f"lots, each with its fact, entry and move, on {name}",
            )
            for kind, name in BACK_ENDS.items()
        ),
        Measured(
            name="year_advance_seconds_per_1000_members",
            value=max(years.values()),
            baseline=f"reminders, birthdays, expiries, approvals, tiers: {_each(years)}",
        ),
    ]


def _each(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {number:.3f}" for name, number in numbers.items())


def _lots(ground: Ground) -> int:
    return LOTS_QUICK if ground.is_quick else LOTS


def _expiries(ground: Ground, kind: str) -> tuple[list[float], list[float]]:
    """Give lots per second: expired with their facts and entries, and marked by one statement."""
    lots = _lots(ground)
    stocked = partial(_stock_lots, members=lots // LOTS_EACH)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ground.repetitions):
        with ground.copy_of(kind, f"lots-{lots}", stocked) as url, _engine(url) as engine:
            theirs.append(lots / _timed(partial(_mark, engine.backend, lots)))
        with ground.copy_of(kind, f"lots-{lots}", stocked) as url, _engine(url) as engine:
            ours.append(lots / _timed(partial(_advance, engine, EXPIRED)))
            assert _facts(engine.backend, "points.expired") == lots
    return ours, theirs


def _year(ground: Ground, kind: str) -> float:
    """Give seconds for a year of 1,000 members."""
    members = YEAR_MEMBERS_QUICK if ground.is_quick else YEAR_MEMBERS
    stocked = partial(_stock_year, members=members)
    took: list[float] = []
    for _ in range(ground.repetitions):
        with ground.copy_of(kind, f"year-{members}", stocked) as url, _engine(url) as engine:
            took.append(_timed(partial(_advance, engine, START + timedelta(days=QUARTER + YEAR))))
    return median(took) * 1000 / members


@contextmanager
def _engine(url: str) -> Generator[Engine]:
    backend = open_backend(url)
    engine = Engine(backend)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()
        backend.close()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _advance(engine: Engine, to: Instant) -> int:
    report = advance(engine, PROGRAM, to, cause="f" * 24)
    assert isinstance(report, AdvanceReport), report
    return report.items


def _facts(backend: Backend, kind: str) -> int:
    with backend.read() as unit:
        [(count,)] = unit.rows("SELECT count(*) FROM fact WHERE type = ?", (kind,))
    return count


def _mark(backend: Backend, lots: int) -> None:
    with backend.transaction() as unit:
        marked = unit.run(MARK, (PROGRAM, to_ms(EXPIRED)))
    assert marked == lots, marked


def _stock_lots(url: str, *, members: int) -> None:
    awards = (_award(number, "visit") for number in range(1, members + 1) for _ in range(LOTS_EACH))
    with _stocked(url) as engine:
        submit_all(engine, profiles(members))
        submit_all(engine, awards)
        _advance(engine, BEFORE_EXPIRY)


def _stock_year(url: str, *, members: int) -> None:
    """Enrol and award members on some days of the first quarter."""
    everybody = [
        replace(one, birthdate=FIRST_BIRTHDAY + timedelta(days=number % DAYS))
        for number, one in enumerate(profiles(members))
    ]
    with _stocked(url) as engine:
        for first in range(0, members, JOINED_AT_ONCE):
            some = everybody[first : first + JOINED_AT_ONCE]
            submit_all(engine, some)
            submit_all(engine, _visits(range(first + 1, first + 1 + len(some))))
            _advance(engine, START + timedelta(days=QUARTER * (first + len(some)) / members))


def _visits(numbers: Iterable[int]) -> Iterator[Command]:
    for number in numbers:
        for _ in range(1 + number % 9):
            yield _award(number, "visit")
        for _ in range(number % 3):
            yield _award(number, "post")


def _award(number: int, activity_id: str) -> AwardPoints:
    return AwardPoints(member_id=member_id(number), activity_id=activity_id)


@contextmanager
def _stocked(url: str) -> Generator[Engine]:
    """Create the program on a test clock; PostgreSQL then knows its tables."""
    migrate(url)
    definition = parse(PROGRAM_TEXT)
    assert isinstance(definition, Definition), definition
    version = NewVersion(
        source=PROGRAM_TEXT, definition=definition, hash=definition_hash(definition)
    )
    with _engine(url) as engine:
        with engine.backend.transaction() as unit:
            create_program(
                unit, PROGRAM, version, created_at_ms=to_ms(START), test_clock_ms=to_ms(START)
            )
        yield engine
    if url.startswith("postgresql:"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
