"""A lot's remaining points expire."""

from stampbook.core.book import Book
from stampbook.core.draft import Program
from stampbook.core.due import DueKind
from stampbook.core.expiry import expire_due_lots
from stampbook.values.instants import Instant


def _next(book: Book, _: Program) -> Instant | None:
    return min(
        [lot.expires_at for lot in book.lots.values() if lot.remaining and lot.expires_at],
        default=None,
    )


DUE = DueKind(rank=30, next=_next, run=expire_due_lots)
