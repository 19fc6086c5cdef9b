"""A pending award is approved when its date comes."""

from stampbook.core.awards import approve
from stampbook.core.book import Book
from stampbook.core.draft import Draft, Program
from stampbook.core.due import DueKind
from stampbook.nouns.lot import SYSTEM
from stampbook.values.instants import Instant


def _next(book: Book, _: Program) -> Instant | None:
    if not book.pending:
        return None
    dates = (award.auto_approval_at for award in book.pending.values())
    return min((date for date in dates if date is not None), default=None)


def _run(draft: Draft, book: Book) -> None:
    for award in sorted(book.pending.values(), key=lambda award: award.id):
        if award.auto_approval_at is not None and award.auto_approval_at <= draft.at:
            approve(draft, book, award, SYSTEM)


DUE = DueKind(rank=10, next=_next, run=_run)
