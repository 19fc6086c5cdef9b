"""What is kept is shown, and what has had its time goes when it is asked for."""

import time

import pytest

from stampbook.core.retention import DAY_MS
from stampbook.store.backend import open_backend
from stampbook.values.ids import first_id
from tests.cli.conftest import Stampbook

DELIVERY = (
    "program_id", "id", "endpoint_id", "fact_id", "fact_type", "cause", "position", "status",
    "due_at_ms", "attempts", "delivered_at_ms",
)  # fmt: skip


@pytest.fixture
def old(sandbox: Stampbook, sqlite_url: str) -> Stampbook:
    """A program with a delivery that was received 40 days ago."""
    at_ms = time.time_ns() // 1_000_000 - 40 * DAY_MS
    backend = open_backend(sqlite_url)
    with backend.transaction() as unit:
        [(program,)] = unit.rows("SELECT id FROM program")
        row = (program, first_id(at_ms), "e", "f", "t", "c", 1, "delivered", at_ms, 1, at_ms)
        unit.insert("delivery", DELIVERY, [row])
    backend.close()
    return sandbox


def test_what_is_kept_is_shown(old: Stampbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMPBOOK_RETENTION_FAILED_DAYS", "7")
    shown = old("retention", "show").out
    assert "Deliveries that were received are kept for 30 days." in shown
    assert "Dead letters and the tries before them are kept for 7 days." in shown
    assert "What facts say are kept" not in shown
    assert "What facts say is kept for ever." in shown
    [line] = [line.split() for line in shown.splitlines() if " delivery " in line]
    assert (line[0], line[-1]) == ("Beans", "0")


def test_what_has_had_its_time_goes_once(old: Stampbook) -> None:
    assert old("retention", "run").out == "Beans: 1 rows are gone.\n"
    assert old("retention", "run", "--program", "Beans").out == "Beans: 0 rows are gone.\n"
    [line] = [
        line.split() for line in old("retention", "show").out.splitlines() if "delivery" in line
    ]
    assert "1" in line


def test_days_out_of_range_are_refused(old: Stampbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMPBOOK_RETENTION_DELIVERIES_DAYS", "-1")
    ran = old("retention", "run")
    assert ran.code == 1
    assert "retention.deliveries_days" in ran.err
