"""PostgreSQL: several processes may write; a whole transaction goes through one pipeline."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue
from select import select
from threading import BoundedSemaphore
from typing import Any

import psycopg
from psycopg import errors
from psycopg.types.numeric import Int8BinaryDumper

from stampbook.store.arrays import (
    ARRAYS,
    Bigints,
    BigintsDumper,
    Booleans,
    BooleansDumper,
    Texts,
    TextsDumper,
    array_of,
)
from stampbook.store.backend import (
    BrokenError,
    ClashError,
    CommitUnknownError,
    Dialect,
    Row,
    Statement,
    StoreError,
    UnavailableError,
    Unit,
)
from stampbook.store.sql import array_types, conflict, for_postgres

LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 60_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
"""A process that stopped in a transaction must not hold its locks for ever."""

CONNECT_TIMEOUT_SECONDS = 10
READERS_MAX = 16
READER_WAIT_SECONDS = 10.0
STATEMENTS_KEPT = 500

POSTGRESQL = Dialect(
    name="postgresql",
    lock=" FOR UPDATE",
    share=" FOR SHARE",
    skip_locked=" FOR UPDATE SKIP LOCKED",
    horizon="pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
)

Connection = psycopg.Connection[Row]


class PostgresUnit:
    """A transaction or a snapshot on a connection in pipeline mode."""

    __slots__ = ("_connection", "_number")

    dialect = POSTGRESQL

    def __init__(self, connection: Connection, *, numbered: bool) -> None:
        self._connection = connection
        # asked for together with BEGIN, so that it costs no round trip
        self._number = self._execute(NUMBER, ()) if numbered else None

    @property
    def number(self) -> int:
        """The number of the transaction."""
        if self._number is None:
            return 0
        rows = self._number.fetchall()
        self._number.scroll(0, mode="absolute")
        return rows[0][0]

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a query."""
        return self._execute(sql, values).fetchall()

    def gather(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Give the rows of several queries in one round trip."""
        cursors = [self._execute(sql, values) for sql, values in statements]
        return [cursor.fetchall() for cursor in cursors]

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""
        cursor = self._execute(sql, values)
        cursor.nextset()
        return cursor.rowcount

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Send a statement once for each list of values; the commit waits for them."""
        for each in values:
            self._execute(sql, each)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows in bulk; the commit waits for it."""
        self._insert(table, columns, rows, "")

    def upsert(
        self, table: str, columns: Sequence[str], rows: Sequence[Row], key: Sequence[str]
    ) -> None:
        """Insert rows in bulk, or where `key` exists already, set their other columns."""
        self._insert(table, columns, rows, conflict(columns, key))

    def _execute(self, sql: str, values: Sequence[Any]) -> psycopg.Cursor[Row]:
        arrays = [array_of(value) if isinstance(value, list | tuple) else value for value in values]
        cursor = self._connection.cursor()
        cursor.execute(for_postgres(sql), arrays)  # pyright: ignore[reportArgumentType] - SQL of ours
        return cursor

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[Row], ending: str) -> None:
        if not rows:
            return
        types = array_types(table, tuple(columns))
        arrays = [
            ARRAYS[kind](column)
            for kind, column in zip(types, zip(*rows, strict=True), strict=True)
        ]
        self._connection.cursor().execute(bulk(table, tuple(columns), types, ending), arrays)  # pyright: ignore[reportArgumentType]
