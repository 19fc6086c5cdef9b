"""Backends: the same questions get the same answers from SQLite and PostgreSQL."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from stampbook.store.arrays import Bigints, Texts
from stampbook.store.backend import (
    Backend,
    BrokenError,
    BusyError,
    ClashError,
    Unit,
    open_backend,
)
from stampbook.store.load import PENDING
from stampbook.store.sql import keyed
from stampbook.store.sqlite import SqliteBackend
from tests.engine.shop import PROGRAM, create_shop

COUNTS = ("program_id", "reward_id", "redeemed")
KEY = ("program_id", "reward_id")
RUN = ("program_id", "id", "kind", "file_hash", "done_rows", "body")
NUMBERS: list[list[int | None]] = [
    [], [None], [None, None], [0], [5, None, -1], [2**62, -(2**62), 0, 1],
]  # fmt: skip
TEXTS: list[list[str | None]] = [
    [], [None], ["", ""], ["ä", "ä", "ä"], ["same", None], ["a", "b" * 9_999, "ü"],
]  # fmt: skip
ALL = "SELECT reward_id, redeemed FROM reward_count ORDER BY reward_id"


@pytest.fixture
def backend(database_url: str) -> "Backend":
    opened = open_backend(database_url)
    create_shop(opened)
    return opened


@pytest.fixture(autouse=True)
def _closed(backend: Backend) -> "object":
    yield
    backend.close()


def put(unit: Unit, *rows: tuple[str, int]) -> None:
    unit.upsert("reward_count", COUNTS, [(PROGRAM, *row) for row in rows], KEY)


def test_rows_are_inserted_and_updated_in_bulk(backend: Backend) -> None:
    with backend.transaction() as unit:
        put(unit, ("a", 1), ("b", 2))
        put(unit, ("b", 3), ("c", 4))
        assert unit.rows(ALL) == [("a", 1), ("b", 3), ("c", 4)]
        assert unit.run("UPDATE reward_count SET redeemed = ? WHERE redeemed > ?", (9, 2)) == 2
        unit.insert("reward_count", COUNTS, [])
    with backend.read() as unit:
        assert unit.gather([(ALL, ()), ("SELECT count(*) FROM member", ())]) == [
            [("a", 1), ("b", 9), ("c", 9)],
            [(0,)],
        ]


def test_rows_of_several_tables_are_put_in_together_and_seen_by_what_comes_next(
    backend: Backend,
) -> None:
    run = (PROGRAM, "r", "orders", "h", 1, "{}")
    with backend.transaction() as unit:
        unit.insert("import_run", RUN, [run])
        put(unit, ("a", 1))
        unit.upsert("import_run", RUN, [(*run[:-1], "[1]")], ("program_id", "id"))
        assert unit.run("UPDATE reward_count SET redeemed = 7 WHERE reward_id = ?", ("a",)) == 1
        put(unit, ("b", 2))
    with backend.read() as unit:
        assert unit.rows(ALL) == [("a", 7), ("b", 2)]
        assert unit.rows("SELECT body FROM import_run") == [("[1]",)]


def test_a_part_that_breaks_breaks_the_whole(backend: Backend) -> None:
    def insert() -> None:
        with backend.transaction() as unit:
            put(unit, ("a", 1))
            unit.insert("import_run", RUN, [(PROGRAM, "r", "orders", "h", 1, "{}")])

    insert()
    with pytest.raises(BrokenError) as broken:
        insert()
    assert broken.value.unique


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        *(("bigint[]", Bigints(column)) for column in NUMBERS),
        *(("text[]", Texts(column)) for column in TEXTS),
    ],
)
def test_a_column_arrives_as_it_was(postgres_url: str, kind: str, column: Bigints | Texts) -> None:
    with closing(open_backend(postgres_url)) as opened, opened.read() as unit:
        found = unit.rows(f"SELECT * FROM unnest(?::{kind})", (column,))
    assert found == [(item,) for item in column]


def test_statements_leave_with_the_first_whose_rows_are_asked_for(postgres_url: str) -> None:
    asked = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    with (
        psycopg.connect(postgres_url, autocommit=True) as other,
        closing(open_backend(postgres_url)) as opened,
        opened.transaction() as unit,
    ):
        mine = (other.info.backend_pid,)
        unit.many("UPDATE program SET version = version WHERE id = ?", [(PROGRAM,), ("none",)])
        assert ("active",) not in other.execute(asked, mine).fetchall()
        assert unit.rows("SELECT ?::text", ("c",)) == [("c",)]
        assert ("active",) in other.execute(asked, mine).fetchall()


def test_rows_that_exist_are_updated_but_for_what_is_the_same(backend: Backend) -> None:
    with backend.transaction() as unit:
        put(unit, ("a", 1), ("b", 2))
        unit.update("reward_count", COUNTS, [(PROGRAM, "b", 5), (PROGRAM, "a", 4)], KEY)
        assert unit.rows(ALL) == [("a", 4), ("b", 5)]
        unit.update("reward_count", COUNTS, [], KEY)
        unit.insert("import_run", RUN, [(PROGRAM, "r", "orders", "h", 1, "{}")])
        later = [(PROGRAM, "r", "orders", "another", 2, "[]")]
        unit.update("import_run", RUN, later, ("program_id", "id"), same=("kind", "file_hash"))
        assert unit.rows(f"SELECT {', '.join(RUN)} FROM import_run") == [
            (PROGRAM, "r", "orders", "h", 2, "[]")
        ]


def test_rows_are_changed_by_their_keys_though_their_table_was_empty_when_it_was_analyzed(
    postgres_url: str,
) -> None:
    read = (
        "SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_xact_user_tables "
        "WHERE relname = 'reward_count'"
    )
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("VACUUM (ANALYZE) reward_count")
    with closing(open_backend(postgres_url)) as opened:
        for _ in range(8):  # a statement that is prepared has its lasting plan by now
            with opened.transaction() as unit:
                unit.change("reward_count", ("redeemed",), KEY, [(1, PROGRAM, "none")])
        with opened.transaction() as unit:
            put(unit, *((f"reward-{number:04}", number) for number in range(2_000)))
        with opened.transaction() as unit:
            [(before,)] = unit.rows(read)
            unit.change("reward_count", ("redeemed",), KEY, [(7, PROGRAM, "reward-0003")])
            assert unit.rows(read)[0][0] - before < 20
            assert unit.rows(
                "SELECT reward_id FROM reward_count WHERE redeemed = 7 ORDER BY 1"
            ) == [
                ("reward-0003",),
                ("reward-0007",),
            ]


def test_a_list_stands_for_each_of_its_values(backend: Backend) -> None:
    some = "SELECT redeemed FROM reward_count WHERE reward_id IN (?*) AND redeemed < ?"
    with backend.transaction() as unit:
        put(unit, ("a", 1), ("b", 2), ('it\'s "c" \\', 3))
        assert unit.rows(f"{some} ORDER BY 1", (["a", 'it\'s "c" \\', "z"], 9)) == [(1,), (3,)]
        assert unit.rows(some, ([], 9)) == []
        numbers = "SELECT reward_id FROM reward_count WHERE redeemed IN (?*) ORDER BY 1"
        assert unit.rows(numbers, ([2, 1],)) == [("a",), ("b",)]


def test_a_transaction_that_is_not_to_wait_is_refused_while_another_writes(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stampbook.store.sqlite.BUSY_TIMEOUT_MS", 300)

    def refused(backend: Backend) -> None:
        with pytest.raises(BusyError), backend.transaction(waits=False):
            pass

    with closing(open_backend(sqlite_url)) as one, closing(open_backend(sqlite_url)) as other:
        with one.transaction():
            refused(one)
            refused(other)
        for backend in (one, other):
            with backend.transaction(waits=False) as unit:
                assert unit.rows("SELECT 1") == [(1,)]
        with one.transaction():
            begun = time.monotonic()
            with pytest.raises(ClashError), other.transaction():  # it waits again, in vain
                pass
            assert time.monotonic() - begun > 0.2


def test_a_new_file_is_opened_while_another_process_looks_at_it(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE something (id)")
        other.execute("BEGIN IMMEDIATE")
        soon = threading.Timer(0.3, other.execute, ["COMMIT"])
        soon.start()
        try:
            open_backend(f"sqlite:///{path}").close()
        finally:
            soon.join()


def test_an_exception_rolls_everything_back(backend: Backend) -> None:
    def broken() -> None:
        with backend.transaction() as unit:
            put(unit, ("a", 1))
            raise LookupError

    with pytest.raises(LookupError):
        broken()
    with backend.transaction() as unit:
        assert unit.rows(ALL) == []


def test_a_key_that_exists_is_a_broken_constraint(backend: Backend) -> None:
    def insert() -> None:
        with backend.transaction() as unit:
            unit.insert("reward_count", COUNTS, [(PROGRAM, "a", 1)])

    insert()
    with pytest.raises(BrokenError) as broken:
        insert()
    assert broken.value.unique
    with backend.read() as unit:
        assert unit.rows(ALL) == [("a", 1)]


def test_a_mistake_is_no_unavailability(backend: Backend) -> None:
    def mistaken() -> None:
        with backend.transaction() as unit:
            unit.rows("SELECT nothing FROM nowhere")

    for _ in range(2):
        with pytest.raises(BrokenError) as broken:
            mistaken()
        assert not broken.value.unique


def test_a_snapshot_does_not_move(backend: Backend) -> None:
    with backend.read() as snapshot:
        assert snapshot.rows(ALL) == []
        with backend.transaction() as unit:
            put(unit, ("a", 1))
        assert snapshot.rows(ALL) == []
    with backend.read() as later:
        assert later.rows(ALL) == [("a", 1)]


def test_numbers_of_transactions_rise_on_postgresql(backend: Backend) -> None:
    numbers: list[int] = []
    for _ in range(2):
        with backend.transaction() as unit:
            numbers.append(unit.number)
    if backend.dialect.name == "sqlite":
        assert numbers == [0, 0]
    else:
        assert 0 < numbers[0] < numbers[1]
        assert backend.was_committed(numbers[1]) is True


@pytest.mark.parametrize("table", ["entry", "fact"])
def test_history_is_never_changed(backend: Backend, table: str) -> None:
    rows: dict[str, tuple[tuple[str, ...], tuple[object, ...]]] = {
        "entry": (
            ("program_id", "id", "member", "transaction_id", "kind", "points", "debt", "qualified",
             "at_ms", "available_after", "command_id", "moves", "position"),
            (PROGRAM, "e", "m", "t", "award", 1, 0, 0, 0, 1, "c", "{}", 1),
        ),
        "fact": (
            ("program_id", "id", "position", "type", "member", "sequence", "occurred_at_ms",
             "recorded_at_ms", "cause", "deliveries", "body"),
            (PROGRAM, "f", 1, "points.earned", "m", 1, 0, 0, "c", 0, "{}"),
        ),
    }  # fmt: skip
    columns, row = rows[table]
    with backend.transaction() as unit:
        unit.insert(table, columns, [row])

    def change(sql: str) -> None:
        with backend.transaction() as unit:
            unit.run(sql)

    refused = [f"UPDATE {table} SET member = 'x'"]
    if table == "fact":
        change("UPDATE fact SET body = '[]'")
    else:
        refused.append(f"DELETE FROM {table}")
    for sql in refused:
        with pytest.raises(BrokenError):
            change(sql)


def test_writers_take_turns_in_the_order_of_asking(sqlite_url: str) -> None:
    backend = SqliteBackend(sqlite_url.removeprefix("sqlite:///"))
    order: list[int] = []

    def write(number: int) -> None:
        with backend.transaction():
            order.append(number)

    with backend.transaction():
        threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join(10)
    backend.close()
    assert order == list(range(5))


def test_keys_are_looked_up_by_their_index_whatever_the_planner_believes(postgres_url: str) -> None:
    backend = open_backend(postgres_url)
    sql = keyed(backend.dialect, *PENDING, lock=" FOR UPDATE")
    with backend.transaction() as unit:
        unit.run("SET LOCAL plan_cache_mode = force_generic_plan")
        plan = "\n".join(row[0] for row in unit.rows(f"EXPLAIN {sql}", (PROGRAM, ["a", "b"])))
    backend.close()
    assert "ix_points_transaction_pending" in plan
    assert "Index Cond: ((program_id = " in plan
    assert "AND (member = wanted.key)" in plan


def test_postgresql_compresses_by_lz4_where_it_can(postgres_url: str) -> None:
    backend = open_backend(postgres_url)
    with backend.read() as unit:
        [(used, known)] = unit.rows(
            "SELECT setting, enumvals FROM pg_settings WHERE name = 'default_toast_compression'"
        )
    backend.close()
    assert used == ("lz4" if "lz4" in known else "pglz")
