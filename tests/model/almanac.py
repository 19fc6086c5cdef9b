"""The model's own calendar: local days and months, counted the slow way."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_IN = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


def day_of(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def days_later(at: datetime, days: int, zone: str) -> datetime:
    """The same time on the clock on the wall, so a day may have 23 or 25 hours."""
    wall = at.astimezone(ZoneInfo(zone))
    return datetime.combine(wall.date() + timedelta(days), wall.timetz()).astimezone(UTC)


def last_day(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap and month == 2 else DAYS_IN[month - 1]


def month_later(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def months_after(day: date, months: int) -> date:
    year, month = day.year, day.month
    for _ in range(months):
        year, month = month_later(year, month)
    return date(year, month, min(day.day, last_day(year, month)))


def months_later(at: datetime, months: int, zone: str) -> datetime:
    wall = at.astimezone(ZoneInfo(zone))
    return datetime.combine(months_after(wall.date(), months), wall.timetz()).astimezone(UTC)


def block_start(day: date, months: int, start_month: int = 1) -> date:
    """The first day of the block of months that holds a day, the blocks counted from a month."""
    first = day.replace(day=1)
    while (first.year * 12 + first.month - start_month) % months:
        first = (first - timedelta(1)).replace(day=1)
    return first


def end_of(at: datetime, unit: str, zone: str) -> datetime:
    months = MONTHS_IN[unit]
    return midnight(months_after(block_start(day_of(at, zone), months), months), zone)


def same_period(one: date, other: date, per: str) -> bool:
    match per:
        case "day":
            return one == other
        case "week":
            return one.isocalendar()[:2] == other.isocalendar()[:2]
        case "month":
            return (one.year, one.month) == (other.year, other.month)
        case "year":
            return one.year == other.year
        case _:
            return True
