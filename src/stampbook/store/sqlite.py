"""SQLite: one file, WAL, every commit on the disk before it is answered."""

import sqlite3
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Lock
from typing import Any

from stampbook.store.backend import (
    BrokenError,
    BusyError,
    ClashError,
    Columns,
    Dialect,
    Row,
    Statement,
    StoreError,
    UnavailableError,
    Unit,
)
from stampbook.store.sql import for_sqlite, sqlite_change, sqlite_insert, sqlite_update
from stampbook.store.turns import Turns
from stampbook.values.json import encode_text

VERSION_MIN = (3, 40, 0)
BUSY_TIMEOUT_MS = 10_000
"""How long another process may hold the file before a transaction gives up."""

LOG_PAUSE_SECONDS = 0.01
"""Between two tries to turn the log of a new file on."""
CACHE_KIB = 65_536
CHECKPOINT_PAGES = 32_000
"""How many pages the log gathers before they go to the file: the same page goes there once for
many commits. Durable all the same: the log is synced with every commit."""

STATEMENTS_KEPT = 256
READERS_KEPT = 8
SYNCHRONOUS_FULL = 2

SQLITE = Dialect(
    name="sqlite",
    lock="",
    share="",
    skip_locked="",
    horizon="1",
    by_index="SELECT 1",
    together="SELECT ?",
    apart="SELECT ?",
)


class SqliteUnit:
    """A transaction or a snapshot on a connection."""

    __slots__ = ("_connection",)

    dialect = SQLITE
    number = 0
    writes_beside_others = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a query."""
        return self._execute(sql, values).fetchall()

    def gather(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Give the rows of several queries."""
        return [self.rows(sql, values) for sql, values in statements]

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""
        return self._execute(sql, values).rowcount

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each list of values."""
        self._connection.executemany(sql, values)

    def insert(self, table: str, columns: Columns, rows: Sequence[Row]) -> None:
        """Insert rows in bulk."""
        if rows:
            self._connection.executemany(sqlite_insert(table, columns, None, ()), rows)

    def upsert(
        self,
        table: str,
        columns: Columns,
        rows: Sequence[Row],
        key: Columns,
        *,
        same: Columns = (),
    ) -> None:
        """Insert rows in bulk, or where `key` exists already, set their other columns."""
        if rows:
            self._connection.executemany(sqlite_insert(table, columns, key, same), rows)

    def update(
        self,
        table: str,
        columns: Columns,
        rows: Sequence[Row],
        key: Columns,
        *,
        same: Columns = (),
    ) -> None:
        """Set the other columns of rows that are known to exist, in bulk."""
        if rows:
            text, order = sqlite_update(table, columns, key, same)
            self._connection.executemany(text, map(order, rows))

    def change(self, table: str, columns: Columns, key: Columns, rows: Sequence[Row]) -> None:
        """Set columns of rows in bulk, each row found by its key."""
        if rows:
            self._connection.executemany(sqlite_change(table, columns, key), rows)

    def _execute(self, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
        text, lists = for_sqlite(sql)
        if lists:
            values = list(values)
            for place in lists:
                values[place] = encode_text(values[place])
        return self._connection.execute(text, values)


class SqliteBackend:
    """A database file: one connection writes, in turns; a few read snapshots."""

    dialect = SQLITE

    def __init__(self, path: str) -> None:
        if sqlite3.sqlite_version_info < VERSION_MIN:
            raise UnavailableError(f"SQLite {sqlite3.sqlite_version} is older than 3.40")
        self._path = Path(path)
        self._turns = Turns()
        self._held: set[str] = set()
        self._guard = Lock()
        self._readers: LifoQueue[sqlite3.Connection] = LifoQueue(READERS_KEPT)
        with translated():
            self._writer = self._connect()

    @contextmanager
    def transaction(self, *, waits: bool = True) -> Generator[Unit]:
        """Open a transaction, when its turn has come."""
        with self._turns.turn(waits=waits) as is_ours, translated():
            if not is_ours:
                raise BusyError("another thread is writing")
            self._begin(waits=waits)
            try:
                yield SqliteUnit(self._writer)
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def _begin(self, *, waits: bool) -> None:
        if waits:
            self._writer.execute("BEGIN IMMEDIATE")
            return
        try:
            with self._waiting_for_nobody():
                self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY":
                raise
            raise BusyError("another process is writing") from error

    @contextmanager
    def _waiting_for_nobody(self) -> Generator[None]:
        self._writer.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            self._writer.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

    @contextmanager
    def read(self) -> Generator[Unit]:
        """Open a snapshot: what is committed when it first reads, and nothing later."""
        with translated():
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                yield SqliteUnit(connection)
            finally:
                connection.execute("ROLLBACK")
                self._keep(connection)

    @contextmanager
    def alone(self, name: str) -> Generator[bool]:
        """Hold a name in this process; False when somebody else holds it."""
        with self._guard:
            is_free = name not in self._held
            self._held.add(name)
        try:
            yield is_free
        finally:
            if is_free:
                self._held.discard(name)

    def was_committed(self, number: int) -> bool | None:
        """Say nothing: a commit on this machine fails or succeeds, and says which."""
        del number

    def forget(self) -> None:
        """Empty the log, which holds pages as they were, unless a reader still needs it."""
        with self._turns.turn(), translated(), self._waiting_for_nobody():
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # no write waits for a reader

    def close(self) -> None:
        """Close every connection."""
        self._writer.close()
        while True:
            try:
                self._readers.get_nowait().close()
            except Empty:
                return

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._readers.get_nowait()
        except Empty:
            return self._connect()

    def _keep(self, connection: sqlite3.Connection) -> None:
        if self._readers.full():
            connection.close()
        else:
            self._readers.put_nowait(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_KEPT,
        )
        _keep_a_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # what is deleted or replaced is overwritten in the file: decisions/0015
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        if (journal, synchronous) != ("wal", SYNCHRONOUS_FULL):
            connection.close()
            raise UnavailableError(
                "SQLite must run in WAL with synchronous=FULL, or an answer might be lost; "
                f"it runs in {journal} with {synchronous}"
            )
        return connection


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Turn WAL on; the first time SQLite does not wait for whoever writes, so we do."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(LOG_PAUSE_SECONDS)
        else:
            return


@contextmanager
def translated() -> Generator[None]:
    """Turn the driver's errors into the store's."""
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(error) from error


def store_error(error: sqlite3.Error) -> StoreError:
    """Give the store's error for one of the driver."""
    text = str(error)
    match error:
        case sqlite3.IntegrityError():
            return BrokenError(text, unique=error.sqlite_errorname in UNIQUE)
        case sqlite3.OperationalError() if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            return ClashError(text)
        case sqlite3.OperationalError() if error.sqlite_errorname not in MISTAKES:
            return UnavailableError(text)
        case _:
            return BrokenError(text, unique=False)


UNIQUE = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
MISTAKES = {"SQLITE_ERROR"}
"""Of SQL or of a value: the statement would fail again."""
