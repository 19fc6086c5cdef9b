"""Merged counters: what two members' pasts come to together, and what one of them is without."""

from datetime import date

from msgspec.structs import replace

from stampbook.core.counters import Count, CounterPeriod, Counters, Day

Counts = dict[CounterPeriod, Count]


def together(ours: Counters, theirs: Counters) -> Counters:
    """Give our counters with what another member did counted in; sequences stay ours."""
    counts = {
        subject: _counts_together(ours.counts.get(subject, {}), theirs.counts.get(subject, {}))
        for subject in ours.counts | theirs.counts
    }
    days = {
        day: _sum(ours.days.get(day, Day()), theirs.days.get(day, Day()), 1)
        for day in sorted(ours.days | theirs.days)
    }
    revenue = ours.revenue_minor + theirs.revenue_minor
    return replace(ours, counts=counts, days=days, revenue_minor=revenue)


def _counts_together(ours: Counts, theirs: Counts) -> Counts:
    """Add what was counted in the same period; of two periods the later one is the present."""
    found = dict(ours)
    for per, count in theirs.items():
        own = found.get(per)
        if own is None or own.start < count.start:
            found[per] = count
        elif own.start == count.start:
            found[per] = Count(own.start, own.times + count.times, own.points + count.points)
    return found


def apart(ours: Counters, theirs: Counters) -> Counters:
    """Give our counters without what another member's had brought; nothing falls below zero.

    Shapes: periods and days that have passed out of our counters meanwhile are left alone.
    """
    counts = {
        subject: _counts_apart(own, theirs.counts.get(subject, {}))
        for subject, own in ours.counts.items()
    }
    days = {
        day: _sum(own, theirs.days[day], -1) if day in theirs.days else own
        for day, own in ours.days.items()
    }
    return replace(
        ours,
        counts={subject: own for subject, own in counts.items() if own},
        days=_without_empty(days, theirs.days),
        revenue_minor=max(0, ours.revenue_minor - theirs.revenue_minor),
    )


def _counts_apart(ours: Counts, theirs: Counts) -> Counts:
    found = dict(ours)
    for per, count in theirs.items():
        own = found.get(per)
        if own is None or own.start != count.start:
            continue
        left = Count(own.start, max(0, own.times - count.times), max(0, own.points - count.points))
        if left.times or left.points:
            found[per] = left
        else:
            del found[per]
    return found


def _sum(ours: Day, theirs: Day, sign: int) -> Day:
    return Day(
        max(0, ours.earned + sign * theirs.earned),
        max(0, ours.qualified + sign * theirs.qualified),
        max(0, ours.spend + sign * theirs.spend),
    )


def _without_empty(days: dict[date, Day], theirs: dict[date, Day]) -> dict[date, Day]:
    return {day: own for day, own in days.items() if day not in theirs or own != Day()}
