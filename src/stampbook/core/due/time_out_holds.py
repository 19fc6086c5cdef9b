"""A redemption on hold times out; points and coupon go back."""

from stampbook.core.book import Book
from stampbook.core.draft import Draft, Program
from stampbook.core.due import DueKind
from stampbook.core.redemptions import release
from stampbook.core.refusals import REDEMPTION_TIMED_OUT
from stampbook.nouns.lot import SYSTEM
from stampbook.values.instants import Instant


def _next(book: Book, _: Program) -> Instant | None:
    if not book.holds:
        return None
    dates = (hold.hold_expires_at for hold in book.holds.values())
    return min((date for date in dates if date is not None), default=None)


def _run(draft: Draft, book: Book) -> None:
    for hold in sorted(book.holds.values(), key=lambda hold: hold.id):
        if hold.hold_expires_at is not None and hold.hold_expires_at <= draft.at:
            release(draft, book, hold, SYSTEM, REDEMPTION_TIMED_OUT)


DUE = DueKind(rank=20, next=_next, run=_run)
