"""SQL texts: written once, spelt for each database, and kept."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import BigInteger, Boolean

from stampbook.store.schema import METADATA

LIST = "IN (?*)"


@cache
def for_sqlite(sql: str) -> tuple[str, tuple[int, ...]]:
    """Give the text for SQLite, and which of its values are lists, which it takes as JSON."""
    lists = tuple(place for place, mark in enumerate(_marks(sql)) if mark == LIST)
    return sql.replace(LIST, "IN (SELECT value FROM json_each(?))"), lists


@cache
def for_postgres(sql: str) -> str:
    """Give the text for PostgreSQL, with numbered values."""
    pieces = sql.replace(LIST, "= ANY(?)").split("?")
    numbered = [f"${number}{piece}" for number, piece in enumerate(pieces[1:], start=1)]
    return "".join((pieces[0], *numbered))


def _marks(sql: str) -> list[str]:
    pieces = sql.split("?")
    return [
        LIST if f"{before[-4:]}?{after[:2]}" == LIST else "?"
        for before, after in zip(pieces, pieces[1:], strict=False)
    ]


@cache
def array_types(table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Give the PostgreSQL types of arrays that hold columns of a table."""
    return tuple(_array_type(table, column) for column in columns)


def _array_type(table: str, column: str) -> str:
    kind = METADATA.tables[table].c[column].type
    if isinstance(kind, BigInteger):
        return "bigint[]"
    return "boolean[]" if isinstance(kind, Boolean) else "text[]"


def conflict(columns: Sequence[str], key: Sequence[str]) -> str:
    """Give what an upsert does with a row that is there already."""
    others = [column for column in columns if column not in key]
    changes = ", ".join(f"{column} = excluded.{column}" for column in others)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
