"""Paging: lists come in pages, and a cursor says where the next one begins."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

from msgspec import Meta, Struct

from stampbook.api.problem import CURSOR_INVALID, ProblemError
from stampbook.store.reading.page import CursorError

LIMIT_MAX = 200
Cursor = Annotated[str, Meta(min_length=1, max_length=512, pattern="^[A-Za-z0-9_-]+$")]


class Paged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a list."""

    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = 50
    """How many records at the most."""
    cursor: Cursor | None = None
    """`next_cursor` of the page before."""


@contextmanager
def cursors_checked() -> Generator[None]:
    """Turn a cursor that no page gave into a problem.

    Errors: ProblemError `cursor.invalid`.
    """
    try:
        yield
    except (CursorError, OverflowError) as error:
        raise ProblemError(CURSOR_INVALID, field="cursor") from error
