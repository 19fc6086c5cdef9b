"""Instants: moments in UTC, and their spelling as milliseconds in the store."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

Instant = Annotated[datetime, Meta(tz=True)]
"""An aware moment in UTC, to the millisecond; a text without an offset is refused."""


class Deadline(Struct, frozen=True):
    """An instant until which something may be done; a dialect may spell it in its own way."""

    at: Instant


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def to_ms(instant: Instant) -> int:
    """Give the milliseconds since 1970 in UTC."""
    return (instant - EPOCH) // MILLISECOND


def from_ms(ms: int) -> Instant:
    """Give the instant that lies `ms` milliseconds after 1970 in UTC."""
    return EPOCH + timedelta(milliseconds=ms)


def optional_ms(instant: Instant | None) -> int | None:
    """Give the milliseconds of an instant that may be unset."""
    return None if instant is None else to_ms(instant)
