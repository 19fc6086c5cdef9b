"""A backend: the little that the store asks of a database, the same on SQLite and PostgreSQL.

SQL is written once: `?` stands for a value and `IN (?*)` for any of a list of values. Whatever the
two databases spell differently is a word of `Dialect`, put into the text with an f-string.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from msgspec import Struct

Row = tuple[Any, ...]
Columns = tuple[str, ...]
Statement = tuple[str, Sequence[Any]]
"""An SQL text and its values."""

POSITION_BITS = 20
"""A position is a transaction's number and, in so many low bits, the place within it.

Shapes: a program's `epoch` is added to the number, see `store.restored`.
"""


class Dialect(Struct, frozen=True, kw_only=True):
    """What the two databases spell differently, as pieces of SQL.

    Shapes: `lock`, `share` and `skip_locked` end a SELECT. `horizon` is an expression: the first
    transaction number that may still be uncommitted (see `Unit.number`). `by_index` is a query that
    keeps the rest of its transaction from reading tables whole. `together` and `apart` are queries
    of one value, a name: transactions that are together under it run beside each other, and one
    that is apart runs beside none of them; it gives up soon where they leave no gap.
    """

    name: Literal["sqlite", "postgresql"]
    lock: str
    share: str
    skip_locked: str
    horizon: str
    by_index: str
    together: str
    apart: str

    def using(self, index: str) -> str:
        """Give the words behind a table that name the index to read it by.

        Shapes: SQLite knows no statistics and may take the primary key instead; PostgreSQL does.
        """
        return f" INDEXED BY {index}" if self.name == "sqlite" else ""


class Unit(Protocol):
    """One transaction, or one snapshot to read from; of one thread."""

    @property
    def dialect(self) -> Dialect:
        """The words of this database."""
        ...

    @property
    def number(self) -> int:
        """The transaction's number, which rises with time.

        Shapes: always 0 on SQLite, which commits one transaction at a time. Of a snapshot: 0.
        """
        ...

    @property
    def writes_beside_others(self) -> bool:
        """Tell whether other transactions may write meanwhile: then its number is its own."""
        ...

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a query."""
        ...

    def gather(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Give the rows of several queries, in one round trip where the database allows it."""
        ...

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""
        ...

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each list of values."""
        ...

    def insert(self, table: str, columns: Columns, rows: Sequence[Row]) -> None:
        """Insert rows in bulk."""
        ...

    def upsert(
        self,
        table: str,
        columns: Columns,
        rows: Sequence[Row],
        key: Columns,
        *,
        same: Columns = (),
    ) -> None:
        """Insert rows in bulk, or where `key` exists already, set their other columns.

        Shapes: `same` are columns known to hold what is given already: they are not set.
        """
        ...

    def change(self, table: str, columns: Columns, key: Columns, rows: Sequence[Row]) -> None:
        """Set columns of rows in bulk, each row found by its key; others are not touched.

        Shapes: a row is the new values, then those of the key, which may name a column that is set:
        then only what still has the old value is changed.
        """
        ...

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
        ...


class Backend(Protocol):
    """A database."""

    @property
    def dialect(self) -> Dialect:
        """The words of this database."""
        ...

    def transaction(self, *, waits: bool = True) -> AbstractContextManager[Unit]:
        """Open a transaction that commits at the end, or rolls back when an exception leaves it.

        Shapes: on SQLite it waits for its turn, because one transaction writes at a time; where it
        is not to wait, somebody else's turn is a `BusyError`.
        Errors: `BusyError`, `ClashError`, `BrokenError`, `UnavailableError`, `CommitUnknownError`.
        """
        ...

    def read(self) -> AbstractContextManager[Unit]:
        """Open a snapshot to read from, in any thread.

        Errors: `UnavailableError`.
        """
        ...

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """Hold a name while the block runs; False when somebody else holds it.

        Shapes: on PostgreSQL among all processes, and let go of when the connection breaks; on
        SQLite in this process. Nothing may depend on it but who does the work.
        Errors: `UnavailableError`.
        """
        ...

    def was_committed(self, number: int) -> bool | None:
        """Say whether a transaction was committed, by its number; None when nobody knows."""
        ...

    def forget(self) -> None:
        """Let go, where that is the store's to do, of old versions of rows that were changed."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class StoreError(Exception):
    """The database did not do what it was asked; nothing was stored, unless said otherwise."""


class ClashError(StoreError):
    """Another transaction was in the way (deadlock, serialization, lock timeout): try again."""


class BusyError(StoreError):
    """Somebody else is writing, and this transaction was not to wait for it."""


class BrokenError(StoreError):
    """A constraint would be broken.

    Shapes: `unique` when the same key exists already, which another writer may have stored.
    """

    def __init__(self, text: str, *, unique: bool) -> None:
        super().__init__(text)
        self.unique = unique


class UnavailableError(StoreError):
    """The database cannot be reached, is full, or failed."""


class CommitUnknownError(UnavailableError):
    """The connection broke while committing: `was_committed(number)` may tell.

    Shapes: `number` is None when the transaction had none, so that it wrote nothing.
    """

    def __init__(self, number: int | None) -> None:
        super().__init__("the connection broke while committing")
        self.number = number


def open_backend(url: str) -> Backend:
    """Open the database of a URL: `sqlite:///path` or `postgresql://...`.

    Errors: ValueError for another kind of URL; `UnavailableError` when it cannot be reached.
    """
    if url.startswith("sqlite:///"):
        from stampbook.store.sqlite import SqliteBackend  # noqa: PLC0415 - one driver is enough

        return SqliteBackend(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        from stampbook.store.postgres import PostgresBackend  # noqa: PLC0415

        return PostgresBackend(url)
    raise ValueError("the database URL starts with sqlite:/// or postgresql://")
