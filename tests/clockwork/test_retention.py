"""Retention is had done by the clockwork: once a day, a little at a time, by one process."""

from msgspec.structs import replace

from stampbook.clockwork.loop import Clockwork
from stampbook.clockwork.retention import PIECE_ROWS, Clearance, name_of
from stampbook.core.retention import DAY_MS, Retention
from stampbook.values.ids import first_id
from tests.engine.shop import PROGRAM, START_MS, Shop, opened

DAYS = Retention(deliveries_days=2)
INSERT = (
    "program_id", "id", "endpoint_id", "fact_id", "fact_type", "cause", "position", "status",
    "due_at_ms", "attempts", "delivered_at_ms",
)  # fmt: skip


def receive(shop: Shop, count: int, at_ms: int = START_MS) -> None:
    """Store deliveries that were received at an instant."""
    first = int(first_id(at_ms), 16)
    rows = [
        (PROGRAM, f"{first + n:024x}", "e", "f", "t", "c", 1, "delivered", at_ms, 1, at_ms)
        for n in range(count)
    ]
    with shop.backend.transaction() as unit:
        unit.insert("delivery", INSERT, rows)


def never() -> bool:
    return False


def test_a_tick_clears_what_has_had_its_time(database_url: str) -> None:
    with opened(database_url, test_clock_ms=START_MS) as shop:  # on every clock
        receive(shop, 3)
        clockwork = Clockwork(shop.engine, retention=DAYS)
        clockwork.tick()
        assert shop.count("delivery") == 3
        shop.clock.at_ms += 3 * DAY_MS
        clockwork.tick()
        assert shop.count("delivery") == 0


def test_without_retention_everything_is_kept(database_url: str) -> None:
    with opened(database_url) as shop:
        receive(shop, 3)
        shop.clock.at_ms += 3_000 * DAY_MS
        Clockwork(shop.engine).tick()
        assert shop.count("delivery") == 3


def test_much_is_done_in_several_ticks_and_then_nothing_until_tomorrow(sqlite_url: str) -> None:
    with opened(sqlite_url) as shop:
        receive(shop, 3 * PIECE_ROWS)
        now_ms = START_MS + 3 * DAY_MS
        clearance = Clearance(shop.backend, DAYS, pieces=2)
        assert clearance.tick(now_ms, never) == 2 * PIECE_ROWS
        assert clearance.tick(now_ms, never) == PIECE_ROWS
        assert shop.count("delivery") == 0
        receive(shop, 1)
        assert clearance.tick(now_ms, never) == 0
        assert clearance.tick(now_ms + DAY_MS, never) == 1


def test_another_process_goes_on_where_one_was_stopped(database_url: str) -> None:
    with opened(database_url) as shop:
        receive(shop, 2 * PIECE_ROWS)
        now_ms = START_MS + 3 * DAY_MS
        assert Clearance(shop.backend, DAYS, pieces=1).tick(now_ms, never) == PIECE_ROWS
        assert Clearance(shop.backend, DAYS).tick(now_ms, never) == PIECE_ROWS


def test_nobody_works_on_a_program_that_somebody_works_on(database_url: str) -> None:
    with opened(database_url) as shop:
        receive(shop, 1)
        now_ms = START_MS + 3 * DAY_MS
        clearance = Clearance(shop.backend, DAYS)
        with shop.backend.alone(name_of(PROGRAM)):
            assert clearance.tick(now_ms, never) == 0
        assert shop.count("delivery") == 1
        assert clearance.tick(now_ms, never) == 1


def test_it_stops_when_it_is_asked_to(sqlite_url: str) -> None:
    with opened(sqlite_url) as shop:
        receive(shop, 1)
        clearance = Clearance(shop.backend, DAYS)
        assert clearance.tick(START_MS + 3 * DAY_MS, lambda: True) == 0
        assert clearance.tick(START_MS + 3 * DAY_MS, never) == 1


def test_a_late_end_is_found_on_a_later_day(sqlite_url: str) -> None:
    with opened(sqlite_url) as shop:
        receive(shop, 1)
        with shop.backend.transaction() as unit:
            unit.run("UPDATE delivery SET status = 'pending'")
        clearance = Clearance(shop.backend, replace(DAYS, failed_days=1))
        for day in (3, 4):
            clearance.tick(START_MS + day * DAY_MS, never)
        assert shop.count("delivery") == 1
        with shop.backend.transaction() as unit:
            at_ms = START_MS + 4 * DAY_MS
            unit.run("UPDATE delivery SET status = 'failed', due_at_ms = ?", (at_ms,))
        clearance.tick(START_MS + 5 * DAY_MS, never)
        assert shop.count("delivery") == 1
        clearance.tick(START_MS + 6 * DAY_MS, never)
        assert shop.count("delivery") == 0
