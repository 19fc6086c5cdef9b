"""Counting: what rules, limits and rolling tiers must know of the past is kept as it happens."""

from datetime import timedelta

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.counters import (
    DAYS_KEPT_MIN,
    Count,
    CounterPeriod,
    Counters,
    Day,
    counter_start,
)
from stampbook.core.draft import Draft
from stampbook.values.calendars import local_day
from stampbook.values.instants import Instant

PERIODS: tuple[CounterPeriod, ...] = ("day", "week", "month", "lifetime")


def count(
    draft: Draft,
    book: Book,
    subject: str,
    *,
    times: int,
    points: int,
    done_at: Instant | None = None,
) -> None:
    """Count something that the member did, in every period that holds its day.

    Shapes: `done_at` is the present unless it says otherwise; below zero takes back; a period that
    has passed is left alone.
    """
    day = local_day(done_at or draft.at, draft.definition.time_zone)
    counters = book.counters
    counts = dict(counters.counts.get(subject, {}))
    for per in PERIODS:
        start = counter_start(day, per)
        so_far = counts.get(per)
        if so_far is None or so_far.start < start:
            so_far = Count(start, 0, 0)
        if so_far.start == start:
            counts[per] = so_far.plus(times, points)
    draft.change_counters(book, replace(counters, counts={**counters.counts, subject: counts}))


def add_to_day(
    draft: Draft, book: Book, *, earned: int = 0, qualified: int = 0, spend: int = 0
) -> None:
    """Add to the present local day. Units: points; spend in minor units."""
    day = local_day(draft.at, draft.definition.time_zone)
    counters = book.counters
    before = counters.days.get(day)
    if before is None:  # a new day pushes out the oldest
        oldest = day - timedelta(days=max(DAYS_KEPT_MIN, draft.definition.tiers.period.days))
        days = {kept: value for kept, value in counters.days.items() if kept > oldest}
        before = Day()
    else:
        days = dict(counters.days)
    days[day] = Day(before.earned + earned, before.qualified + qualified, before.spend + spend)
    draft.change_counters(book, replace(counters, days=days))


def take_from_days(draft: Draft, book: Book, *, qualified: int, spend: int) -> None:
    """Take back what the days of the tier's window counted, the oldest first.

    What is taken back leaves the window no later than what it was taken from.
    Units: points; spend in minor units.
    """
    window = draft.definition.tiers.period.days
    first = local_day(draft.at, draft.definition.time_zone) - timedelta(days=window - 1)
    days = dict(book.counters.days)
    for day in sorted(day for day in days if day >= first):
        points, minor = min(qualified, days[day].qualified), min(spend, days[day].spend)
        qualified, spend = qualified - points, spend - minor
        days[day] = Day(days[day].earned, days[day].qualified - points, days[day].spend - minor)
    draft.change_counters(book, replace(book.counters, days=days))


__all__ = ["Counters", "add_to_day", "count", "take_from_days"]
