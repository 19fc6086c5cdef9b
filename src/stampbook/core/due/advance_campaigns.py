"""A campaign starts, ends, or a delay is over; or what a member became lets them enter or leave."""

from stampbook.core.book import Book
from stampbook.core.campaigns import advance
from stampbook.core.draft import Program
from stampbook.core.due import DueKind
from stampbook.core.participation import next_step
from stampbook.values.instants import Instant


def _next(book: Book, program: Program) -> Instant | None:
    if not program.campaigns:
        return None
    step = next_step(book, program)
    return step.at if step is not None else None


# All else of the same instant goes first: criteria look at what came of it.
DUE = DueKind(rank=90, next=_next, run=advance)
