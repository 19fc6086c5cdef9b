"""A tier's period ends: the tier is kept, lost or won."""

from stampbook.core.book import Book
from stampbook.core.draft import Program
from stampbook.core.due import DueKind
from stampbook.core.tiers import end_period
from stampbook.values.instants import Instant


def _next(book: Book, _: Program) -> Instant | None:
    return book.member.tier.period_end if book.member.tier else None


# A period is half-open: what happens at its very end counts towards the next one, so it goes first.
DUE = DueKind(rank=5, next=_next, run=end_period)
