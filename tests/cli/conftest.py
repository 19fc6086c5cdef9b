"""The command line, run in this process, on a database of the test's own."""

from collections.abc import Callable

import pytest
from msgspec import Struct

from stampbook.cli.main import main


class Ran(Struct, frozen=True):
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


Stampbook = Callable[..., Ran]


@pytest.fixture
def stampbook(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Stampbook:
    """Run a command; the database is named by the environment or by the command."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Ran:
        capfd.readouterr()
        code = main(arguments)
        printed = capfd.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def on_sqlite(stampbook: Stampbook, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Stampbook:
    """Run commands on a migrated SQLite database."""
    monkeypatch.setenv("STAMPBOOK_DATABASE_URL", sqlite_url)
    return stampbook


@pytest.fixture
def sandbox(on_sqlite: Stampbook) -> Stampbook:
    """Run commands on a database with one program, whose clock stands at 2030."""
    assert (
        on_sqlite("program", "create", "Beans", "--test-clock", "--start", "2030-01-01").code == 0
    )
    return on_sqlite
