"""Files are imported from the command line; what is wrong is kept, and Ctrl-C loses nothing."""

import csv
import os
import re
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from stampbook.connectors.csv_import import REJECTED_COLUMNS
from stampbook.store.backend import open_backend
from tests.cli.conftest import Stampbook

MANY = 6_000
RULES = """\
[program]
name = "Beans"
auto_enrol = false

[[activities]]
id = "purchase"
name = "Purchase"
on = "order"
computation = { kind = "multiplier_based" }
"""
MEMBERS = """\
member_id,first_name,address.city,tags,Notes
m-1,Ada,Ghent,early;loyal,calls often
m-2,Grace,,,
,Nobody,,,
m-3,Joan,,,
"""


@pytest.fixture
def shop(sandbox: Stampbook, tmp_path: Path) -> Stampbook:
    (tmp_path / "rules.toml").write_text(RULES)
    assert sandbox("program", "apply", str(tmp_path / "rules.toml"), "--yes").code == 0
    return sandbox


@pytest.fixture
def members(tmp_path: Path) -> Path:
    path = tmp_path / "members.csv"
    path.write_text(MEMBERS)
    return path


def counts(summary: str) -> list[int]:
    """Give the numbers of rows: all, imported, already there, rejected."""
    found = re.search(r"([\d,]+) rows: ([\d,]+) \D+([\d,]+) \D+([\d,]+) rejected", summary)
    assert found is not None, summary
    return [int(number.replace(",", "")) for number in found.groups()]


def count(url: str, table: str) -> int:
    backend = open_backend(url)
    with backend.read() as unit:
        [(number,)] = unit.rows(f"SELECT count(*) FROM {table}")
    backend.close()
    return number


def test_rows_are_imported_and_the_wrong_one_is_kept(
    shop: Stampbook, members: Path, tmp_path: Path
) -> None:
    ran = shop("import", "members", str(members), "--map", "Notes=")
    assert (ran.code, ran.err) == (1, "")
    assert counts(ran.out) == [4, 3, 0, 1]
    rejected = tmp_path / "members.rejected.csv"
    assert str(rejected) in ran.out
    header, row = csv.reader(rejected.read_text().splitlines())
    assert header == [*REJECTED_COLUMNS, "member_id", "first_name", "address.city", "tags", "Notes"]
    assert row[:3] == ["4", "row.invalid", "member_id is missing."]
    assert row[3].startswith("Give ")
    assert row[4:] == ["", "Nobody", "", "", ""]


def test_orders_earn_and_are_imported_once(shop: Stampbook, members: Path, tmp_path: Path) -> None:
    shop("import", "members", str(members), "--map", "Notes=")
    orders = tmp_path / "orders.csv"
    orders.write_text("id;customer;total\no-1;m-1;10.50\no-2;nobody;3\no-1;m-1;10.50\n")
    renamed = [
        "--map",
        "id=order_id",
        "--map",
        "customer=member_id",
        "--map",
        "total=order_subtotal",
    ]
    arguments = ["import", "orders", str(orders), "--delimiter", ";", *renamed]
    first = shop(*arguments, "--rejected", str(tmp_path / "no.csv"))
    assert counts(first.out) == [3, 1, 1, 1]
    assert "program.auto_enrol_off" in (tmp_path / "no.csv").read_text()
    assert "points.earned" in shop("facts", "list").out
    again = shop(*arguments)
    assert counts(again.out) == [3, 0, 2, 1]
    assert shop("facts", "list", "--type", "points.earned").out.count("\n") == 1


def test_a_dry_run_leaves_nothing(shop: Stampbook, members: Path, sqlite_url: str) -> None:
    ran = shop("import", "members", str(members), "--map", "Notes=", "--dry-run")
    assert counts(ran.out) == [4, 3, 0, 1]
    assert count(sqlite_url, "member") == count(sqlite_url, "import_run") == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "The column 'Notes' is not known. Known are member_id, first_name,"),
        (["--map", "Notes=remarks"], "field 'remarks'"),
        (["--map", "Notes"], "--map COLUMN=FIELD"),
        (["--map", "Note="], "Did you mean Notes?"),
        (["--delimiter", ";"], "is not known"),
        (["--delimiter", "ab"], "'ab' is no delimiter"),
        (["--program", "none"], "There is no program none."),
    ],
)
def test_what_cannot_be_imported_is_said_before_a_row_is(
    shop: Stampbook, members: Path, sqlite_url: str, arguments: list[str], said: str
) -> None:
    ran = shop("import", "members", str(members), *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "Remedy: " in ran.err
    assert count(sqlite_url, "member") == 0


def test_a_file_that_is_not_there_is_said(shop: Stampbook, tmp_path: Path) -> None:
    ran = shop("import", "members", str(tmp_path / "none.csv"))
    assert ran.code == 1
    assert "No such file" in ran.err


@contextmanager
def ctrl_c_after_the_first_rows(url: str) -> Generator[None]:
    """Send this process an interrupt as soon as members are stored."""
    ended = Event()

    def watch() -> None:
        while not ended.is_set():
            if count(url, "member") > 0:
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.005)

    thread = Thread(target=watch)
    thread.start()
    yield
    ended.set()
    thread.join()


def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(
    shop: Stampbook, sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("member_id\n" + "".join(f"m-{number}\n" for number in range(MANY)) + '""\n')
    with ctrl_c_after_the_first_rows(sqlite_url):
        stopped = shop("import", "members", str(path))
    done, imported, *_ = counts(stopped.out)
    assert stopped.code == 130
    assert "goes on" in stopped.err
    assert 0 < done == imported == count(sqlite_url, "member") < MANY

    resumed = shop("import", "members", str(path))
    assert resumed.code == 1
    assert counts(resumed.out) == [MANY + 1, MANY, 0, 1]
    assert count(sqlite_url, "member") == count(sqlite_url, "fact") == MANY
    again = shop("import", "members", str(path))
    assert counts(again.out) == [MANY + 1, 0, MANY, 1]


def test_an_import_works_on_both_databases(
    stampbook: Stampbook, database_url: str, members: Path
) -> None:
    made = stampbook("program", "create", "Beans", "--database", database_url)
    options = ["--map", "Notes=", "--database", database_url, "--program", made.out.strip()]
    assert counts(stampbook("import", "members", str(members), *options).out) == [4, 3, 0, 1]
    assert counts(stampbook("import", "members", str(members), *options).out) == [4, 0, 3, 1]
