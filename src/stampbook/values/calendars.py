"""Calendars: local days, months and the ends of periods in a named zone.

Source: contract section 2, lots and expiry: 31 January + 1 month is the last day of February, and
day boundaries are those of the program's time zone.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from stampbook.values.instants import Instant

PeriodUnit = Literal["month", "quarter", "year"]
MONTHS_OF: dict[PeriodUnit, int] = {"month": 1, "quarter": 3, "year": 12}
MONTHS_PER_YEAR = 12
ANSWERS_KEPT = 1024
"""All commands of a batch happen at one instant, and each asks several times which day it is."""


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo:
    """Give the time zone of an IANA name."""
    return ZoneInfo(name)


@lru_cache(maxsize=ANSWERS_KEPT)
def local_day(at: Instant, zone: str) -> date:
    """Give the calendar day of an instant in a zone."""
    return at.astimezone(zone_named(zone)).date()


@lru_cache(maxsize=ANSWERS_KEPT)
def start_of_day(day: date, zone: str) -> Instant:
    """Give the instant at which a local day begins."""
    return datetime.combine(day, time(), zone_named(zone)).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """Give the same day some months later, or that month's last day where it is shorter."""
    index = day.year * MONTHS_PER_YEAR + day.month - 1 + months
    year, month = divmod(index, MONTHS_PER_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=ANSWERS_KEPT)
def after_days(at: Instant, days: int, zone: str) -> Instant:
    """Give the same local time some days later."""
    local = at.astimezone(zone_named(zone))
    return (local + timedelta(days=days)).astimezone(UTC)


def after_months(at: Instant, months: int, zone: str) -> Instant:
    """Give the same local time some months later; a shorter month gives its last day."""
    local = at.astimezone(zone_named(zone))
    day = add_months(local.date(), months)
    return datetime.combine(day, local.time(), local.tzinfo).astimezone(UTC)


def first_of_period(day: date, unit: PeriodUnit) -> date:
    """Give the first day of the month, quarter or year that holds a day."""
    months = MONTHS_OF[unit]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def end_of_period(at: Instant, unit: PeriodUnit, zone: str) -> Instant:
    """Give the instant at which the month, quarter or year of `at` has just ended (exclusive)."""
    first = first_of_period(local_day(at, zone), unit)
    return start_of_day(add_months(first, MONTHS_OF[unit]), zone)
