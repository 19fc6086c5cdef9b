"""Pages: a piece of a long list, and where the next one begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from stampbook.store.backend import Row
from stampbook.values.json import decode, encode

PAGE_MAX = 500
"""Records of one page."""

T = TypeVar("T")


class CursorError(ValueError):
    """A cursor that no page gave."""


class Page(Struct, Generic[T], frozen=True):
    """Some records, and the cursor of the next page; None when this is the last."""

    items: tuple[T, ...]
    next: str | None


def page_of(
    rows: Sequence[Row], limit: int, record: Callable[[Row], T], key: Callable[[Row], Sequence[Any]]
) -> Page[T]:
    """Make a page of rows that were asked for with one more than `limit`."""
    shown = rows[:limit]
    is_last = len(rows) <= limit
    return Page(
        tuple(record(row) for row in shown), None if is_last else cursor_of(*key(shown[-1]))
    )


def cursor_of(*key: Any) -> str:
    """Spell the key of a record as an opaque cursor."""
    return urlsafe_b64encode(encode(key)).decode().rstrip("=")


def key_of(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """Read a cursor.

    Errors: CursorError.
    """
    try:
        found = decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), list[Any])
    except (ValueError, msgspec.DecodeError) as error:
        raise CursorError("the cursor is not one of ours") from error
    if [type(part) for part in found] != list(kinds):
        raise CursorError("the cursor is of another list")
    if any("\0" in part for part in found if isinstance(part, str)):
        raise CursorError("the cursor holds what no key holds")
    return tuple(found)
