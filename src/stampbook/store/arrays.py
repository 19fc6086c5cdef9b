"""Arrays for PostgreSQL, spelt in its binary format: one value carries a column of many rows.

Source: PostgreSQL's array_recv: dimensions, a null flag, the element type; length and lower bound;
then each element as its size, -1 for null, and its bytes.
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, cast

from psycopg.adapt import Dumper
from psycopg.pq import Format

HEADER = Struct("!5i")
SIZE = Struct("!i")
BIGINT = Struct("!iq")
BOOLEAN = Struct("!i?")
NULL = SIZE.pack(-1)


class Texts(tuple[str | None, ...]):
    """A column of texts."""

    __slots__ = ()


class Bigints(tuple[int | None, ...]):
    """A column of whole numbers."""

    __slots__ = ()


class Booleans(tuple[bool | None, ...]):
    """A column of booleans."""

    __slots__ = ()


ARRAYS: dict[str, type[Texts] | type[Bigints] | type[Booleans]] = {
    "text[]": Texts,
    "bigint[]": Bigints,
    "boolean[]": Booleans,
}


def spelt(value: Any) -> Any:
    """Give a list of keys or of numbers as an array, and any other value as it is."""
    if not isinstance(value, list | tuple):
        return value
    items = tuple(cast("Sequence[Any]", value))
    return Bigints(items) if items and isinstance(items[0], int) else Texts(items)


@lru_cache(1_024)
def _sized(count: int) -> Struct:
    return Struct("!" + "iq" * count)


def _text(item: str | None) -> bytes:
    if item is None:
        return NULL
    text = item.encode()
    return SIZE.pack(len(text)) + text


class TextsDumper(Dumper):
    """Spells texts."""

    oid = 1009
    format = Format.BINARY

    def dump(self, obj: Texts) -> bytes:
        """Give the bytes."""
        header = HEADER.pack(1, 1, 25, len(obj), 1)
        if obj and obj.count(obj[0]) == len(obj):
            return header + _text(obj[0]) * len(obj)
        return header + b"".join(map(_text, obj))


class BigintsDumper(Dumper):
    """Spells whole numbers."""

    oid = 1016
    format = Format.BINARY

    def dump(self, obj: Bigints) -> bytes:
        """Give the bytes."""
        header = HEADER.pack(1, 1, 20, len(obj), 1)
        numbers = [item for item in obj if item is not None]
        if len(numbers) == len(obj):
            sized = [8] * (2 * len(obj))
            sized[1::2] = numbers
            return header + _sized(len(obj)).pack(*sized)
        return header + b"".join([NULL if item is None else BIGINT.pack(8, item) for item in obj])


class BooleansDumper(Dumper):
    """Spells booleans."""

    oid = 1000
    format = Format.BINARY

    def dump(self, obj: Booleans) -> bytes:
        """Give the bytes."""
        booleans = (NULL if item is None else BOOLEAN.pack(1, item) for item in obj)
        return HEADER.pack(1, 1, 16, len(obj), 1) + b"".join(booleans)
