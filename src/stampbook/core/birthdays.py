"""Birthdays: an activity is done for a member on a day of theirs, once a year.

Shapes: at the start of the day in the program's time zone, or when the day becomes known while it
lasts; never for a day that was over before. 29 February is kept on the 28th in other years. The
day of the birth itself is no birthday.
Source: contract section 2, earning: the activities birthday and anniversary.
"""

from calendar import isleap
from datetime import MAXYEAR, date

from stampbook.core.activities import perform
from stampbook.core.book import Book
from stampbook.core.definition import Activity
from stampbook.core.draft import Draft, Program
from stampbook.core.refusals import Refused
from stampbook.core.refusing import state_refusal
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.member import Member
from stampbook.values.calendars import local_day, start_of_day
from stampbook.values.instants import Instant

FEBRUARY, LEAP_DAY = 2, 29


def day_in(born: date, year: int) -> date:
    """Give the day of a year on which a date is celebrated."""
    if born.month == FEBRUARY and born.day == LEAP_DAY and not isleap(year):
        return date(year, FEBRUARY, LEAP_DAY - 1)
    return born.replace(year=year)


def _date_of(activity: Activity, member: Member) -> date | None:
    return member.birthdate if activity.on == "birthday" else member.anniversary_date


def _next_day(book: Book, activity: Activity, zone: str) -> date | None:
    """Give the next day to celebrate, which is not before the day of the member's last change."""
    born = _date_of(activity, book.member)
    if born is None:
        return None
    today = local_day(book.member.modified_at, zone)
    year = max(today.year, born.year + 1, book.agenda.celebrated.get(activity.id, 0) + 1)
    if year < MAXYEAR and day_in(born, year) < today:
        year += 1
    return day_in(born, year) if year < MAXYEAR else None


def next_celebration(book: Book, program: Program) -> Instant | None:
    """Give when an activity is next to be done for a member because of the day."""
    celebrations = program.definition.celebrations
    if not celebrations:
        return None
    zone = program.definition.time_zone
    days = [_next_day(book, activity, zone) for activity in celebrations]
    day = min((day for day in days if day is not None), default=None)
    return None if day is None else start_of_day(day, zone)


def celebrate(draft: Draft, book: Book) -> None:
    """Do the activities of a member's day; an activity that came after the day lets it pass."""
    zone = draft.definition.time_zone
    due = {
        activity.id: _next_day(book, activity, zone) for activity in draft.definition.celebrations
    }
    today = min(day for day in due.values() if day is not None)
    for activity_id, day in due.items():
        if day != today:
            continue
        celebrated = {**book.agenda.celebrated, activity_id: today.year}
        draft.change_agenda(book, celebrated=celebrated)
        _, changed_at = draft.program.activity_dates.get(activity_id, (None, None))
        is_known = changed_at is None or local_day(changed_at, zone) <= today
        if is_known and book.member.status == "active":
            awarded = perform(draft, book, activity_id, {})
            if isinstance(awarded, Refused):
                state_refusal(draft, PointsRefused, awarded)
