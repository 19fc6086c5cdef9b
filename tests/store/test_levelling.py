"""A log that is cut every day stops growing: what went makes room for what comes."""

from collections.abc import Callable

import psycopg
import pytest

from stampbook.core.retention import DAY_MS, Retention, cuts
from stampbook.store.backend import Backend, open_backend
from stampbook.store.retention import go_on
from stampbook.values.ids import CommandIds, ProgramId

PROGRAM = ProgramId("a" * 24)
DAYS = Retention(deliveries_days=3, failed_days=3)
PER_DAY = 400
FULL_AFTER = 8
DAYS_MORE = 12
DELIVERY = (
    "program_id", "id", "endpoint_id", "fact_id", "fact_type", "cause", "position", "status",
    "due_at_ms", "attempts", "delivered_at_ms", "response_excerpt",
)  # fmt: skip
ATTEMPT = (
    "program_id", "id", "endpoint_id", "request_id", "number", "started_at_ms", "duration_ms",
    "status_code", "response_excerpt", "facts",
)  # fmt: skip


def live(backend: Backend, day: int, ids: CommandIds, *, clears: bool) -> None:
    """Live a day of deliveries, each with a try before, and let go at midnight."""
    at_ms = (20_000 + day) * DAY_MS
    deliveries = [
        (PROGRAM, ids.take(at_ms), "e" * 24, ids.take(at_ms), "points.earned", "c" * 24, n,
         "delivered", at_ms, 2, at_ms, "x" * 200)
        for n in range(PER_DAY)
    ]  # fmt: skip
    attempts = [
        (PROGRAM, ids.take(at_ms), "e" * 24, ids.take(at_ms), 1, at_ms, 5, 500, "x" * 200, 1)
        for _ in range(PER_DAY)
    ]
    with backend.transaction() as unit:
        unit.insert("delivery", DELIVERY, deliveries)
        unit.insert("attempt", ATTEMPT, attempts)
    part: str | None = ""
    while clears and part is not None:
        with backend.transaction() as unit:
            at = cuts(DAYS, at_ms + DAY_MS)
            part = go_on(unit, PROGRAM, at, at_ms=at_ms + DAY_MS, limit=250).part


def sizes(url: str, size: Callable[[], int], *, clears: bool) -> tuple[int, int]:
    """Give the size when the log has all its days, and twelve days later."""
    backend, ids = open_backend(url), CommandIds(1)
    for day in range(FULL_AFTER):
        live(backend, day, ids, clears=clears)
    full = size()
    for day in range(FULL_AFTER, FULL_AFTER + DAYS_MORE):
        live(backend, day, ids, clears=clears)
        size()
    backend.close()
    return full, size()


@pytest.mark.parametrize(("clears", "growth_max"), [(True, 1.05), (False, 3.0)])
def test_the_log_stops_growing_on_sqlite(sqlite_url: str, clears: bool, growth_max: float) -> None:  # noqa: FBT001
    def pages() -> int:
        backend = open_backend(sqlite_url)
        with backend.read() as unit:
            [(count,)] = unit.rows("PRAGMA page_count")
        backend.close()
        return count

    full, later = sizes(sqlite_url, pages, clears=clears)
    assert growth_max - 1 < later / full <= growth_max


@pytest.mark.parametrize(("clears", "growth_max"), [(True, 1.15), (False, 3.0)])
def test_the_log_stops_growing_on_postgresql(
    postgres_url: str,
    clears: bool,  # noqa: FBT001
    growth_max: float,
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:

        def vacuumed() -> int:
            connection.execute("VACUUM delivery, attempt")
            [(total,)] = connection.execute(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
                "WHERE relname IN ('delivery', 'attempt')"
            )
            return total

        full, later = sizes(postgres_url, vacuumed, clears=clears)
    assert growth_max - 1 < int(later) / int(full) <= growth_max
