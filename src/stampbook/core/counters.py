"""Counters: how often and how much a member did something in the current period of each length.

Shapes: a counter holds one period of each length; a later period starts it again from zero.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from msgspec import Struct

CounterPeriod = Literal["day", "week", "month", "lifetime"]


class Count(Struct, frozen=True, array_like=True):
    """What happened in one period: how often, and how many points."""

    start: date
    times: int
    points: int

    def plus(self, times: int, points: int) -> "Count":
        """Give the count with more, or less, but never below zero."""
        times, points = self.times + times, self.points + points
        if times < 0 or points < 0:
            return Count(self.start, max(0, times), max(0, points))
        return Count(self.start, times, points)


class Day(Struct, frozen=True, array_like=True):
    """What one local day added. Units: points; spend in minor units."""

    earned: int = 0
    qualified: int = 0
    spend: int = 0


class Counters(Struct, frozen=True, kw_only=True):
    """What rules, limits and rolling tiers need to know of a member's past.

    Shapes: `counts` by subject (`activity:made_a_purchase`, `reward:mug`) and period; `days` holds
    the recent local days that saw something, oldest first, as far back as rules may ask.
    """

    counts: dict[str, dict[CounterPeriod, Count]] = {}
    days: dict[date, Day] = {}
    revenue_minor: int = 0
    sequence: int = 0
    """The number of the last fact about the member."""


DAYS_KEPT_MIN = 366
"""Units: days. Rewards ask what a year earned; a rolling tier may ask for more."""

STARTS_KEPT = 1024
"""Units: starts of periods. Nearly all counting happens on a few days."""


@lru_cache(maxsize=STARTS_KEPT)
def counter_start(day: date, per: CounterPeriod) -> date:
    """Give the first day of the period that holds a day; weeks start on Monday."""
    match per:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "lifetime":
            return date.min


def counted(counters: Counters, subject: str, per: CounterPeriod, day: date) -> Count:
    """Give what was counted in the period that holds a day."""
    start = counter_start(day, per)
    count = counters.counts.get(subject, {}).get(per)
    return count if count is not None and count.start == start else Count(start, 0, 0)
