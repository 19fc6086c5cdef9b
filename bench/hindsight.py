"""Hindsight: the apparel program with another multiplier, over months of real purchases."""

import time
from concurrent.futures import Future
from datetime import UTC, datetime
from datetime import time as daytime
from pathlib import Path

from msgspec.structs import replace

from bench.ground import Ground
from bench.report import Measured, Target
from bench.shop import PROGRAM, expect_done, submission
from stampbook.clockwork.advance import AdvanceReport, advance
from stampbook.commands.record_order import RecordOrder
from stampbook.core.definition import Definition
from stampbook.demo.purchases import Purchase, by_day, purchases
from stampbook.engine.submission import Outcome
from stampbook.engine.writer import Engine
from stampbook.nouns.order import Product
from stampbook.program.parse import parse
from stampbook.program.version import definition_hash
from stampbook.simulation.run import groups, prepare
from stampbook.simulation.workers import simulate_all
from stampbook.store.admin import NewVersion, create_program
from stampbook.store.backend import open_backend
from stampbook.store.migrate import migrate
from stampbook.store.programs import Programs
from stampbook.values.instants import to_ms

APPAREL = Path(__file__).parents[1] / "examples" / "apparel.toml"
OPENING = datetime(1997, 1, 1, tzinfo=UTC)
CLOSING = datetime(1998, 7, 1, tzinfo=UTC)
SECONDS_MAX = 30


def measure(ground: Ground) -> list[Measured]:
    """Let a program live through the purchases, then simulate another one."""
    bought = purchases(everybody=not ground.is_quick)
    with ground.copy_of("sqlite", f"cdnow-{len(bought)}", lambda url: _live(url, bought)) as url:
        start = time.perf_counter()
        members = _simulate(url)
        seconds = time.perf_counter() - start
    return [
        Measured(
            name="simulation_seconds",
            value=seconds,
            target=Target(most=SECONDS_MAX),
            baseline=f"{len(bought):,} orders of {members:,} members, twice, on SQLite",
        )
    ]


def _program(multiplier: int) -> Definition:
    definition = parse(APPAREL.read_text(encoding="utf-8"))
    assert isinstance(definition, Definition)
    activities = tuple(
        replace(one, computation=replace(one.computation, multiplier=multiplier))
        if one.on == "order"
        else one
        for one in definition.activities
    )
    return replace(definition, auto_enrol=True, activities=activities)


def _live(url: str, bought: list[Purchase]) -> None:
    migrate(url)
    backend = open_backend(url)
    definition = _program(2)
    version = NewVersion(source="", definition=definition, hash=definition_hash(definition))
    opening_ms = to_ms(OPENING)
    with backend.transaction() as unit:
        create_program(unit, PROGRAM, version, created_at_ms=opening_ms, test_clock_ms=opening_ms)
    engine = Engine(backend)
    engine.start()
    try:
        for day, orders in by_day(bought):
            now = datetime.combine(day, daytime(10), UTC)
            assert isinstance(advance(engine, PROGRAM, now, cause="bench"), AdvanceReport)
            waiting: list[Future[Outcome]] = [
                engine.submit(submission(_order(one))) for one in orders
            ]
            for each in waiting:
                expect_done(each)
        assert isinstance(advance(engine, PROGRAM, CLOSING, cause="bench"), AdvanceReport)
    finally:
        engine.stop()
        backend.close()


def _order(purchase: Purchase) -> RecordOrder:
    price = round(float(purchase.amount) / purchase.quantity, 2)
    return RecordOrder(
        order_id=purchase.order_id,
        member_id=purchase.customer,
        order_subtotal=purchase.amount,
        products=(
            Product(
                product_id="cd",
                product_price=price,
                product_quantity=purchase.quantity,
                product_category="tops",
            ),
        ),
    )


def _simulate(url: str) -> int:
    backend = open_backend(url)
    try:
        with backend.read() as unit:
            simulation = prepare(unit, Programs(), PROGRAM, _program(3), since=None, until=CLOSING)
            members = groups(unit, PROGRAM)
    finally:
        backend.close()
    report = simulate_all(url, simulation, members, lambda _: None)
    assert not report.unlike_the_ledger, "the replay is not what happened"
    return report.members
