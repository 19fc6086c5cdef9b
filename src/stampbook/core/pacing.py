"""Pacing: a rate limit that several workers keep together, as one number in the store.

Source: the generic cell rate algorithm (ITU-T I.371): the number is when the next request would be
due if all came evenly; a burst may run ahead of it by a second's worth.
"""

from typing import NamedTuple

US_PER_SECOND = 1_000_000


class Paced(NamedTuple):
    """How many requests may start now, and the new mark.

    Units: microseconds since 1970.
    """

    granted: int
    mark_us: int


def pace(wanted: int, rate_per_second: float, mark_us: int, now_us: int) -> Paced:
    """Grant as many of the wanted requests as the rate allows."""
    interval_us = _interval_us(rate_per_second)
    mark_us = max(mark_us, now_us)
    room_us = now_us - next_us(mark_us, rate_per_second)
    granted = min(wanted, room_us // interval_us + 1) if room_us >= 0 else 0
    return Paced(granted, mark_us + granted * interval_us)


def next_us(mark_us: int, rate_per_second: float) -> int:
    """Give when the next request may start. Units: microseconds since 1970."""
    return mark_us - max(US_PER_SECOND - _interval_us(rate_per_second), 0)


def _interval_us(rate_per_second: float) -> int:
    return max(1, round(US_PER_SECOND / rate_per_second))
