"""A one-time password is valid no longer, and must not be read any more."""

from stampbook.core.book import Book
from stampbook.core.draft import Program
from stampbook.core.due import DueKind
from stampbook.core.one_time_passwords import expire
from stampbook.values.instants import Instant


def _next(book: Book, _: Program) -> Instant | None:
    password = book.agenda.otp
    return password.expires_at if password is not None else None


DUE = DueKind(rank=85, next=_next, run=expire)
