"""PostgreSQL: several processes may write; a whole transaction goes through one pipeline."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from queue import Empty, LifoQueue
from select import select
from threading import BoundedSemaphore
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo
from psycopg.types.numeric import Int8BinaryDumper

from stampbook.store.arrays import (
    ARRAYS,
    Bigints,
    BigintsDumper,
    Booleans,
    BooleansDumper,
    Texts,
    TextsDumper,
    spelt,
)
from stampbook.store.backend import (
    BrokenError,
    ClashError,
    Columns,
    CommitUnknownError,
    Dialect,
    Row,
    Statement,
    StoreError,
    UnavailableError,
    Unit,
)
from stampbook.store.gathering_cursor import GatheringCursor
from stampbook.store.sql import (
    array_types,
    for_postgres,
    postgres_change,
    postgres_insert,
    postgres_together,
)

LOCK_TIMEOUT_MS = 5_000
APART_TIMEOUT_MS = 200
"""Whoever waits to be apart holds up those who come later to be together."""

STATEMENT_TIMEOUT_MS = 60_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
"""A process that stopped in a transaction must not hold its locks for ever."""

CONNECT_TIMEOUT_SECONDS = 10
ALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A server that vanished is noticed within half a minute. Units: seconds; the last milliseconds."""

READERS_MAX = 16
READER_WAIT_SECONDS = 10.0
STATEMENTS_KEPT = 500

POSTGRESQL = Dialect(
    name="postgresql",
    lock=" FOR UPDATE",
    share=" FOR SHARE",
    skip_locked=" FOR UPDATE SKIP LOCKED",
    horizon="pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    # a plan made while a table was small would read it whole, until statistics come
    by_index="SELECT set_config('enable_seqscan', 'off', true), "
    "set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)",
    together="SELECT pg_advisory_xact_lock_shared(hashtextextended(?::text, 1))",
    apart=f"SELECT set_config('lock_timeout', '{APART_TIMEOUT_MS}', true), "
    "pg_advisory_xact_lock(hashtextextended(?::text, 1))",
)

OPTIONS = (
    f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS} "
    f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_MS} -c timezone=UTC"
)
IDLE = psycopg.pq.TransactionStatus.IDLE
NOTHING = b"SELECT 1"
NUMBER = "SELECT pg_current_xact_id()::text::bigint"
READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
HOLD = b"SELECT pg_try_advisory_lock(hashtextextended($1::text, 0))"
LET_GO = b"SELECT pg_advisory_unlock(hashtextextended($1::text, 0))"
LZ4 = (
    b"SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings "
    b"WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
)
"""A fact's body is long enough to be compressed; lz4, where the server has it, takes a tenth off
all the CPU that the server spends on an award."""

Connection = psycopg.Connection[Row]


class PostgresUnit:
    """A transaction or a snapshot on a connection in pipeline mode.

    Shapes: what gives no rows is not waited for; the commit reports what went wrong. Insertions are
    held until something else is asked, and none of them may need what another one inserts.
    """

    __slots__ = ("_connection", "_held", "_number", "_numbered", "writes_beside_others")

    dialect = POSTGRESQL

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        self._connection = connection
        self.writes_beside_others = writes
        self._held: dict[str, tuple[str, list[Any]]] = {}  # by table
        self._number: int | None = None if writes else 0
        # asked for together with BEGIN, so that it costs no round trip
        self._numbered = self._execute(NUMBER, ()) if writes else None

    @property
    def number(self) -> int:
        """The number of the transaction."""
        if self._number is None:
            assert self._numbered is not None
            self._number = int(self._numbered.fetchall()[0][0])
        return self._number

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
        self._connection.execute(NOTHING).fetchall()
        return cursor.rowcount

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each list of values."""
        for each in values:
            self._execute(sql, each)

    def insert(self, table: str, columns: Columns, rows: Sequence[Row]) -> None:
        """Insert rows in bulk."""
        self._insert(table, columns, rows, None, ())

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
        self._insert(table, columns, rows, key, same)

    def change(self, table: str, columns: Columns, key: Columns, rows: Sequence[Row]) -> None:
        """Set columns of rows in bulk, each row found by its key."""
        if rows:
            self._execute(POSTGRESQL.by_index, ())
            text, arrays = postgres_change(table, columns, key), _arrays(table, columns + key, rows)
            # planned anew each time: a plan from when the table was empty reads all of it
            self._connection.execute(text, arrays, prepare=False)

    update = upsert
    """A plan that joins the rows with their table may read all of it; a conflict looks one up."""

    def send(self) -> None:
        """Send the insertions that were held: several as one statement, which costs less."""
        held, self._held = self._held, {}
        if held:
            texts, arrays = zip(*held.values(), strict=True)
            self._connection.execute(postgres_together(texts), list(chain.from_iterable(arrays)))

    def _execute(self, sql: str, values: Sequence[Any]) -> psycopg.Cursor[Row]:
        if self._held:
            self.send()
        return self._connection.execute(for_postgres(sql), [spelt(value) for value in values])

    def _insert(
        self, table: str, columns: Columns, rows: Sequence[Row], key: Columns | None, same: Columns
    ) -> None:
        if rows:
            if table in self._held:  # parts of one statement do not see each other's rows
                self.send()
            text = postgres_insert(table, columns, key, same)
            self._held[table] = text, _arrays(table, columns, rows)


def _arrays(table: str, columns: Columns, rows: Sequence[Row]) -> list[Any]:
    kinds = array_types(table, columns)
    return [
        ARRAYS[kind](column) for kind, column in zip(kinds, zip(*rows, strict=True), strict=True)
    ]


class PostgresBackend:
    """A PostgreSQL database: transactions and snapshots on connections that are kept."""

    dialect = POSTGRESQL

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: LifoQueue[Connection] = LifoQueue()
        self._readers = BoundedSemaphore(READERS_MAX)
        with translated():
            self._kept.put_nowait(self._connect())

    @contextmanager
    def transaction(self, *, waits: bool = True) -> Generator[Unit]:
        """Open a transaction in READ COMMITTED: lock rows first, then read them."""
        del waits  # nobody has to
        with self._connection() as connection:
            number: int | None = None
            committing = False
            try:
                with connection.pipeline():
                    connection.execute(b"BEGIN", prepare=False)
                    unit = PostgresUnit(connection, writes=True)
                    yield unit
                    unit.send()
                    number = unit.number
                    connection.execute(b"COMMIT", prepare=False)
                    committing = True
            except psycopg.OperationalError as error:
                if committing and connection.closed:
                    raise CommitUnknownError(number) from error
                raise

    @contextmanager
    def read(self) -> Generator[Unit]:
        """Open a snapshot."""
        if not self._readers.acquire(timeout=READER_WAIT_SECONDS):
            raise UnavailableError("too many are reading")
        try:
            with self._connection() as connection, connection.pipeline():
                connection.execute(READ.encode(), prepare=False)
                yield PostgresUnit(connection, writes=False)
                connection.execute(b"COMMIT", prepare=False)
        finally:
            self._readers.release()

    @contextmanager
    def alone(self, name: str) -> Generator[bool]:
        """Hold a name among all processes; False when somebody else holds it."""
        with self._connection() as connection:
            [(is_free,)] = connection.execute(HOLD, [name]).fetchall()
            try:
                yield is_free
            finally:
                if is_free:
                    with suppress(psycopg.OperationalError):  # the server lets go with it
                        connection.execute(LET_GO, [name]).fetchall()

    def was_committed(self, number: int) -> bool | None:
        """Ask the server what became of a transaction; None while it is still in progress."""
        with self._connection() as connection:
            cursor = connection.execute(b"SELECT pg_xact_status($1::text::xid8)", [str(number)])
            [(status,)] = cursor.fetchall()
        return {"committed": True, "aborted": False}.get(status)

    def forget(self) -> None:
        """Leave it to the database: autovacuum lets go of old versions of rows."""

    def close(self) -> None:
        """Close every connection that is kept."""
        while (connection := self._take()) is not None:
            connection.close()

    @contextmanager
    def _connection(self) -> Generator[Connection]:
        with translated():
            connection = self._take() or self._connect()
            try:
                yield connection
            finally:
                if not connection.closed and connection.info.transaction_status != IDLE:
                    connection.rollback()
                if not connection.closed:
                    self._kept.put_nowait(connection)

    def _take(self) -> Connection | None:
        while True:
            try:
                connection = self._kept.get_nowait()
            except Empty:
                return None
            # an idle connection has something to read only when the server has closed it
            if not connection.closed and not select([connection], [], [], 0)[0]:
                return connection
            connection.close()

    def _connect(self) -> Connection:
        connection = psycopg.Connection[Row].connect(
            make_conninfo(self._url, **ALIVE),
            autocommit=True,
            cursor_factory=GatheringCursor,
            prepare_threshold=0,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            application_name="stampbook",
            options=OPTIONS,
        )
        connection.prepared_max = STATEMENTS_KEPT
        adapters = connection.adapters
        # one type for every number, or each size would prepare the statement again
        adapters.register_dumper(int, Int8BinaryDumper)
        adapters.register_dumper(Texts, TextsDumper)
        adapters.register_dumper(Bigints, BigintsDumper)
        adapters.register_dumper(Booleans, BooleansDumper)
        [(durable,)] = connection.execute(b"SHOW synchronous_commit").fetchall()
        if durable == "off":
            connection.execute(b"SET synchronous_commit = on")
        connection.execute(LZ4)
        return connection


@contextmanager
def translated() -> Generator[None]:
    """Turn the driver's errors into the store's."""
    try:
        yield
    except psycopg.Error as error:
        raise store_error(error) from error


def store_error(error: psycopg.Error) -> StoreError:
    """Give the store's error for one of the driver."""
    text = str(error).strip()
    match error:
        case errors.TransactionRollback() | errors.LockNotAvailable() | errors.QueryCanceled():
            return ClashError(text)
        case errors.UniqueViolation():
            return BrokenError(text, unique=True)
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return UnavailableError(text)
        case _:
            return BrokenError(text, unique=False)
