"""Expiry: lots end at their instant, and a whole balance ends after inactivity."""

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.draft import Draft, Program
from stampbook.core.ledger import spending_order
from stampbook.facts.points.expired import PointsExpired
from stampbook.nouns.lot import Lot
from stampbook.values.calendars import after_days
from stampbook.values.instants import Instant


def expire_lot(draft: Draft, book: Book, lot: Lot) -> None:
    """Expire what remains of a lot; points of it that are on hold stay with their redemption."""
    points, emptied = lot.remaining, replace(lot, remaining=0)
    draft.put_lot(book, emptied)
    draft.enter(book, "expire", points, lot.transaction_id, moves={lot.id: -points})
    draft.fact(PointsExpired, book, lot=emptied, points=points, expired_at=draft.at)


def expire_due_lots(draft: Draft, book: Book) -> None:
    """Expire the lots whose instant has come; the boundary is exclusive."""
    for lot in sorted(book.lots.values(), key=spending_order):
        if lot.remaining and lot.expires_at is not None and lot.expires_at <= draft.at:
            expire_lot(draft, book, lot)


def inactive_from(book: Book, program: Program) -> Instant | None:
    """Give when the whole balance expires after inactivity; None when it does not, or is empty."""
    days = program.definition.points.inactivity_days
    if days is None or not any(lot.remaining for lot in book.lots.values()):
        return None
    return after_days(book.member.last_activity_at, days, program.definition.time_zone)


def expire_returned(draft: Draft, book: Book) -> None:
    """Expire, of points that came back, those that would have expired meanwhile."""
    expire_due_lots(draft, book)
    inactive = inactive_from(book, draft.program)
    if inactive is not None and inactive <= draft.at:
        expire_balance(draft, book)


def expire_balance(draft: Draft, book: Book) -> None:
    """Expire all that the lots still hold."""
    for lot in sorted(book.lots.values(), key=spending_order):
        if lot.remaining:
            expire_lot(draft, book, lot)
