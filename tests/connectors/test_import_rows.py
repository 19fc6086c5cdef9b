"""Rows are imported once, whatever is repeated or interrupted, and the report says all."""

from collections.abc import Callable, Generator, Sequence
from datetime import UTC
from itertools import count

import pytest

from stampbook.connectors.csv_import import Rejection, Row, RowReader
from stampbook.connectors.import_kinds import KINDS, KindName
from stampbook.connectors.import_report import ImportLog, ImportReport
from stampbook.connectors.import_rows import import_rows
from stampbook.connectors.import_run import CHUNK_ROWS, Importer
from stampbook.core.definition import Activity, Computation, Definition
from stampbook.engine.writer import Engine
from stampbook.store.admin import NewVersion, create_program
from stampbook.store.backend import open_backend
from stampbook.values.ids import ProgramId

PROGRAM = ProgramId("p-1")
NOW_MS = 1_900_000_000_000
DEFINITION = Definition(
    name="Beans",
    auto_enrol=False,
    activities=(
        Activity(
            id="purchase",
            name="Purchase",
            on="order",
            computation=Computation(kind="multiplier_based"),
        ),
    ),
)
MEMBERS = ("member_id", "first_name", "tags")
ORDERS = ("order_id", "member_id", "order_subtotal", "ordered_at")


@pytest.fixture
def engine(database_url: str) -> Generator[Engine]:
    backend = open_backend(database_url)
    with backend.transaction() as unit:
        version = NewVersion(source="", definition=DEFINITION, hash="1")
        create_program(unit, PROGRAM, version, created_at_ms=NOW_MS, test_clock_ms=NOW_MS)
    engine = Engine(backend, waiting_max=CHUNK_ROWS // 2)  # so that imports meet a full queue
    engine.start()
    yield engine
    engine.stop()
    backend.close()


class Import:
    """An import of rows that stand in memory."""

    def __init__(self, engine: Engine, kind: KindName, header: Sequence[str]) -> None:
        self.engine = engine
        self.kind = KINDS[kind]
        self.reader = RowReader(self.kind.command, header, renamed={}, zone=UTC)
        self.log = ImportLog(engine.backend, PROGRAM, kind, "hash-of-the-file")
        self.rejected: list[tuple[int, str, str]] = []

    def run(
        self,
        texts: Sequence[Sequence[str]],
        *,
        dry_run: bool = False,
        webhooks: bool = True,
        wants_to_stop: Callable[[], bool] = lambda: False,
    ) -> ImportReport:
        importer = Importer(
            self.engine, PROGRAM, self.kind, self.reader,
            cause="import", webhooks=webhooks, dry_run=dry_run,
        )  # fmt: skip
        return import_rows(
            importer,
            (Row(line, row) for line, row in enumerate(texts, start=2)),
            log=None if dry_run else self.log,
            on_rejected=self._keep,
            wants_to_stop=wants_to_stop,
        )

    def _keep(self, row: Row, rejection: Rejection) -> None:
        self.rejected.append((row.line, rejection.code, rejection.reason))


def counts(report: ImportReport) -> tuple[int, int, int]:
    assert report.rows == report.imported + report.already_there + report.rejected
    return report.imported, report.already_there, report.rejected


def rows_of(engine: Engine, table: str) -> int:
    with engine.backend.read() as unit:
        [(number,)] = unit.rows(f"SELECT count(*) FROM {table} WHERE program_id = ?", (PROGRAM,))
        return number


def members(number: int) -> list[tuple[str, str, str]]:
    return [(f"m-{index}", "Ada", "early;loyal") for index in range(number)]


def test_what_is_repeated_changes_nothing(engine: Engine) -> None:
    rows = members(CHUNK_ROWS + 44)
    first = Import(engine, "members", MEMBERS).run(rows)
    assert (counts(first), first.finished) == ((300, 0, 0), True)
    facts = rows_of(engine, "fact")
    assert facts == rows_of(engine, "member") == 300

    again = Import(engine, "members", MEMBERS).run(rows)
    assert (counts(again), again.finished) == ((0, 300, 0), True)
    assert rows_of(engine, "fact") == facts


def test_a_row_that_says_something_else_is_rejected_and_names_it(engine: Engine) -> None:
    Import(engine, "members", MEMBERS).run(members(2))
    changed = Import(engine, "members", MEMBERS)
    report = changed.run([("m-0", "Grace", "early;loyal"), ("m-1", "", "")])
    assert counts(report) == (0, 1, 1)  # what a row leaves out is no difference
    [(line, code, reason)] = changed.rejected
    assert (line, code) == (2, "member.exists")
    assert reason.endswith("It differs in first_name.")


def test_the_same_order_earns_once_wherever_it_stands(engine: Engine) -> None:
    Import(engine, "members", MEMBERS).run(members(1))
    order, other = ("o-1", "m-0", "10.00", "2024-01-01"), ("o-1", "m-0", "11.00", "2024-01-01")
    orders = Import(engine, "orders", ORDERS)
    assert counts(orders.run([order, order, other])) == (1, 1, 1)
    assert orders.rejected[0][1] == "order.already_recorded"
    respelt = ("o-1", "m-0", "10", "2024-01-01T00:00:00Z")
    assert counts(orders.run([respelt, other])) == (0, 1, 1)
    assert "order_subtotal" in orders.rejected[1][2]
    assert rows_of(engine, "customer_order") == 1
    assert rows_of(engine, "lot") == 1


def test_an_order_is_the_same_when_only_the_spelling_of_its_amounts_differs(
    engine: Engine,
) -> None:
    Import(engine, "members", MEMBERS).run(members(1))
    header = (*ORDERS, "currency", "discount", "tax", "payment_source")
    first = ("o-1", "m-0", "10.00", "2024-01-01", "USD", "2.50", "1.00", "card")
    orders = Import(engine, "orders", header)
    assert counts(orders.run([first])) == (1, 0, 0)
    respelt = ("o-1", "m-0", "10", "2024-01-01", "usd", "2.5", "1", "card")
    cheaper = ("o-1", "m-0", "10", "2024-01-01", "USD", "2.60", "1", "card")
    in_euro = ("o-1", "m-0", "10", "2024-01-01", "EUR", "2.50", "1", "cash")
    assert counts(orders.run([respelt, cheaper, in_euro])) == (0, 1, 2)
    assert orders.rejected[0][2].endswith("It differs in discount.")
    assert orders.rejected[1][2].endswith("It differs in currency, payment_source.")


def test_an_interrupted_import_goes_on_where_it_stopped(engine: Engine) -> None:
    rows = members(4 * CHUNK_ROWS)
    asked = count(1)
    stopped = Import(engine, "members", MEMBERS).run(rows, wants_to_stop=lambda: next(asked) > 1)
    assert not stopped.finished
    assert stopped.rows == stopped.imported == 2 * CHUNK_ROWS == rows_of(engine, "member")

    resumed = Import(engine, "members", MEMBERS)
    report = resumed.run([("skipped", "", "")] * stopped.rows + rows[stopped.rows :])
    assert (counts(report), report.finished) == ((4 * CHUNK_ROWS, 0, 0), True)
    assert rows_of(engine, "member") == 4 * CHUNK_ROWS
    assert rows_of(engine, "fact") == 4 * CHUNK_ROWS


def test_a_killed_import_does_nothing_twice(engine: Engine) -> None:
    rows = members(3 * CHUNK_ROWS)

    def killed() -> bool:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        Import(engine, "members", MEMBERS).run(rows, wants_to_stop=killed)
    report = Import(engine, "members", MEMBERS).run(rows)
    assert report.rows == len(rows)
    assert report.rejected == 0
    assert rows_of(engine, "fact") == rows_of(engine, "member") == len(rows)


def test_rows_are_rejected_alone_and_decided_anew_later(engine: Engine) -> None:
    rows = [
        ("o-1", "nobody", "10.00", ""),
        ("o-2", "m-0", "ten", ""),
        ("o-3", "m-0", "10.00", ""),
        ("o-4", "m-0", "10.00", "2199-01-01"),
    ]
    Import(engine, "members", MEMBERS).run(members(1))
    orders = Import(engine, "orders", ORDERS)
    assert counts(orders.run(rows)) == (1, 0, 3)
    assert [(line, code) for line, code, _ in orders.rejected] == [
        (2, "program.auto_enrol_off"),
        (3, "row.invalid"),
        (5, "instant.in_future"),
    ]
    Import(engine, "members", MEMBERS).run([("nobody", "", "")])
    assert counts(orders.run(rows)) == (1, 1, 2)


def test_a_dry_run_decides_all_and_leaves_nothing(engine: Engine) -> None:
    members_import = Import(engine, "members", MEMBERS)
    report = members_import.run([*members(3), ("", "Ada", "")], dry_run=True)
    assert (counts(report), members_import.rejected[0][1]) == ((3, 0, 1), "row.invalid")
    for table in ("member", "fact", "import_run"):
        assert rows_of(engine, table) == 0


@pytest.mark.parametrize("webhooks", [True, False])
def test_deliveries_are_made_unless_they_are_switched_off(
    engine: Engine, *, webhooks: bool
) -> None:
    with engine.backend.transaction() as unit:
        unit.run(
            "INSERT INTO endpoint (program_id, id, url, dialect, event_types, secrets, batch_size,"
            " status, created_at_ms, updated_at_ms, description)"
            " VALUES (?, 'e-1', 'https://x.example', 'native', '[]', '', 100, 'active', 0, 0, '')",
            (PROGRAM,),
        )
    Import(engine, "members", MEMBERS).run(members(2), webhooks=webhooks)
    assert rows_of(engine, "delivery") == (2 if webhooks else 0)
    assert rows_of(engine, "fact") == 2
