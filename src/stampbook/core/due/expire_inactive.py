"""A whole balance expires after inactivity."""

from stampbook.core.book import Book
from stampbook.core.definition import Definition
from stampbook.core.due import DueKind
from stampbook.core.expiry import expire_balance
from stampbook.values.calendars import after_days
from stampbook.values.instants import Instant


def _next(book: Book, definition: Definition) -> Instant | None:
    days = definition.points.inactivity_days
    if days is None or not any(lot.remaining for lot in book.lots.values()):
        return None
    return after_days(book.member.last_activity_at, days, definition.time_zone)


DUE = DueKind(rank=40, next=_next, run=expire_balance)
