"""SQL texts: written once, spelt for each database, and kept."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from operator import itemgetter

from sqlalchemy import BigInteger, Boolean

from stampbook.store.backend import Dialect, Row
from stampbook.store.schema import METADATA

LIST = "IN (?*)"


@cache
def for_sqlite(sql: str) -> tuple[str, tuple[int, ...]]:
    """Give the text for SQLite, and which of its values are lists, which it takes as JSON."""
    lists = tuple(place for place, mark in enumerate(_marks(sql)) if mark == LIST)
    return sql.replace(LIST, "IN (SELECT value FROM json_each(?))"), lists


@cache
def for_postgres(sql: str) -> bytes:
    """Give the text for PostgreSQL, with numbered values."""
    pieces = sql.replace(LIST, "= ANY(?)").split("?")
    numbered = [f"${number}{piece}" for number, piece in enumerate(pieces[1:], start=1)]
    return "".join((pieces[0], *numbered)).encode()


def _marks(sql: str) -> list[str]:
    pieces = sql.split("?")
    return [
        LIST if f"{before[-4:]}?{after[:2]}" == LIST else "?" for before, after in pairwise(pieces)
    ]


@cache
def keyed(
    dialect: Dialect, columns: str, table: str, key: str, rest: str = "", *, lock: str = ""
) -> str:
    """Give the query of a program's rows under some keys: its values are the program and the keys.

    Shapes: keys are looked up one after another in the order given, each by the index on it. Asked
    for a list of keys, PostgreSQL might read all rows of the program instead: a statement that was
    prepared while a table was small keeps its plan until statistics come. `rest` goes on with the
    conditions; `lock` locks in the order of the keys.
    """
    if dialect.name == "sqlite":
        return f"SELECT {columns} FROM {table} WHERE program_id = ? AND {key} IN (?*){rest}{lock}"
    return (
        "SELECT found.* FROM (SELECT ?::text AS program_id) AS asked "
        "CROSS JOIN unnest(?::text[]) AS wanted(key) "
        f"CROSS JOIN LATERAL (SELECT {columns} FROM {table} WHERE program_id = asked.program_id "
        f"AND {table}.{key} = wanted.key{rest} OFFSET 0{lock}) AS found"
    )


@cache
def array_types(table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Give the PostgreSQL types of arrays that hold columns of a table."""
    return tuple(_array_type(table, column) for column in columns)


def _array_type(table: str, column: str) -> str:
    kind = METADATA.tables[table].c[column].type
    if isinstance(kind, BigInteger):
        return "bigint[]"
    return "boolean[]" if isinstance(kind, Boolean) else "text[]"


@cache
def sqlite_insert(
    table: str, columns: tuple[str, ...], key: tuple[str, ...] | None, same: tuple[str, ...]
) -> str:
    """Give the text that inserts one row, or with a key upserts it all but what is the same."""
    marks = ", ".join("?" * len(columns))
    text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
    return f"{text} {_conflict(columns, key, same)}"


@cache
def sqlite_update(
    table: str, columns: tuple[str, ...], key: tuple[str, ...], same: tuple[str, ...]
) -> tuple[str, Callable[[Row], Row]]:
    """Give the text that updates one row, and how its values are put in order for it."""
    others = tuple(column for column in columns if column not in key and column not in same)
    changes = ", ".join(f"{column} = ?" for column in others)
    found = " AND ".join(f"{column} = ?" for column in key)
    return f"UPDATE {table} SET {changes} WHERE {found}", itemgetter(
        *map(columns.index, (*others, *key))
    )


@cache
def postgres_insert(
    table: str, columns: tuple[str, ...], key: tuple[str, ...] | None, same: tuple[str, ...]
) -> str:
    """Give the text that inserts or upserts rows given as one array for each column."""
    marks = ", ".join(f"?::{kind}" for kind in array_types(table, columns))
    text = f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({marks})"
    return f"{text} {_conflict(columns, key, same)}"


@cache
def postgres_together(texts: tuple[str, ...]) -> bytes:
    """Give one text of several that change rows of different tables."""
    *others, last = texts
    named = [f"part{place} AS ({text})" for place, text in enumerate(others)]
    return for_postgres(f"WITH {', '.join(named)} {last}" if named else last)


@cache
def sqlite_change(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    """Give the text that sets columns of the row of a key."""
    changes = ", ".join(f"{column} = ?" for column in columns)
    found = " AND ".join(f"{column} = ?" for column in key)
    return f"UPDATE {table} SET {changes} WHERE {found}"


@cache
def postgres_change(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> bytes:
    """Give the text that sets columns of rows given as one array for each column and key."""
    types = array_types(table, (*columns, *key))
    marks = ", ".join(f"${place}::{kind}" for place, kind in enumerate(types, start=1))
    names = ", ".join(f"v{place}" for place in range(len(types)))
    changes = ", ".join(f"{column} = v{place}" for place, column in enumerate(columns))
    found = " AND ".join(
        f"kept.{column} = v{place}" for place, column in enumerate(key, start=len(columns))
    )
    text = f"UPDATE {table} AS kept SET {changes} FROM unnest({marks}) AS given({names})"
    return f"{text} WHERE {found}".encode()


def _conflict(columns: Sequence[str], key: Sequence[str] | None, same: Sequence[str]) -> str:
    if key is None:
        return ""
    others = [column for column in columns if column not in key and column not in same]
    changes = ", ".join(f"{column} = excluded.{column}" for column in others)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
