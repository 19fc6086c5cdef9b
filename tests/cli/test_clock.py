"""A sandbox's clock moves forward, and only when it is told to."""

import signal

import pytest

from stampbook.store.backend import open_backend
from tests.cli.conftest import Stampbook


def test_the_clock_moves_by_local_days_and_months(sandbox: Stampbook) -> None:
    assert sandbox("clock", "show").out == "2030-01-01T00:00:00Z test\n"
    moved = sandbox("clock", "advance", "--months", "1", "--days", "2", "--hours", "3")
    assert moved.out == "2030-02-03T03:00:00Z: 0 things fell due on the way.\n"
    assert sandbox("clock", "show").out == "2030-02-03T03:00:00Z test\n"
    assert sandbox("clock", "advance", "--to", "2030-03-01T01:00:00+01:00").code == 0
    assert sandbox("clock", "show").out == "2030-03-01T00:00:00Z test\n"


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ([], "Give --to"),
        (["--days", "-1"], "Give a span"),
        (["--to", "2031-01-01", "--days", "1"], "Give --to, or"),
        (["--to", "2029-01-01"], "after the clock's own"),
        (["--months", "99999"], "Move by less"),
    ],
)
def test_what_is_no_way_forward_is_refused(
    sandbox: Stampbook, arguments: list[str], remedy: str
) -> None:
    ran = sandbox("clock", "advance", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert remedy in ran.err
    assert sandbox("clock", "show").out == "2030-01-01T00:00:00Z test\n"


def test_real_time_cannot_be_moved(on_sqlite: Stampbook) -> None:
    on_sqlite("program", "create", "Beans")
    assert on_sqlite("clock", "show").out.endswith(" real\n")
    ran = on_sqlite("clock", "advance", "--days", "1")
    assert ran.code == 1
    assert "test clock" in ran.err


def test_an_advance_that_was_cut_off_goes_on(sandbox: Stampbook, sqlite_url: str) -> None:
    backend = open_backend(sqlite_url)
    with backend.transaction() as unit:  # as a killed process leaves it
        unit.run("UPDATE program SET target_ms = now_ms + 86400000")
    backend.close()
    assert "On its way to 2030-01-02T00:00:00Z" in sandbox("clock", "show").out
    assert sandbox("clock", "advance").code == 0
    assert sandbox("clock", "show").out == "2030-01-02T00:00:00Z test\n"


def test_signals_are_as_before_when_the_work_is_done(sandbox: Stampbook) -> None:
    before = signal.getsignal(signal.SIGINT)
    sandbox("clock", "advance", "--days", "1")
    assert signal.getsignal(signal.SIGINT) is before
