"""Instants: moments in UTC, and their spelling as milliseconds in the store."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from msgspec import Meta, Struct

Instant = Annotated[datetime, Meta(tz=True)]
"""An aware moment in UTC, to the millisecond; a text without an offset is refused."""


class Deadline(Struct, frozen=True):
    """An instant until which something may be done; a dialect may spell it in its own way."""

    at: Instant


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MS_PER_DAY, MS_PER_SECOND, MICROSECONDS_PER_MS = 86_400_000, 1_000, 1_000


def to_ms(instant: Instant) -> int:
    """Give the milliseconds since 1970 in UTC."""
    since = instant - EPOCH  # its parts are added up: dividing it takes three times as long
    ms = since.seconds * MS_PER_SECOND + since.microseconds // MICROSECONDS_PER_MS
    return since.days * MS_PER_DAY + ms


@lru_cache(4_096)  # many rows of a moment have the same
def from_ms(ms: int) -> Instant:
    """Give the instant that lies `ms` milliseconds after 1970 in UTC."""
    return EPOCH + timedelta(milliseconds=ms)


def optional_ms(instant: Instant | None) -> int | None:
    """Give the milliseconds of an instant that may be unset."""
    return None if instant is None else to_ms(instant)
