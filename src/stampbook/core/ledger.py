"""The ledger: lots are opened, spent soonest expiry first, given back and expired.

Source: contract section 2, lots and expiry; decisions/0007.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.definition import Expiry
from stampbook.core.draft import Draft
from stampbook.nouns.lot import Lot, LotShare
from stampbook.nouns.transaction import Transaction
from stampbook.values.calendars import after_days, after_months, end_of_period
from stampbook.values.ids import LotId
from stampbook.values.instants import Instant

NEVER = datetime(9999, 12, 31, tzinfo=UTC)

EXPIRIES_KEPT = 1024
"""The awards of a batch share their instant, so that most of them share their expiry."""


@lru_cache(maxsize=EXPIRIES_KEPT)
def expiry_of(expiry: Expiry, at: Instant, zone: str) -> Instant | None:
    """Give when points approved at an instant expire; None is never."""
    if expiry.days is None and expiry.months is None and expiry.end_of is None:
        return None
    end = at
    if expiry.months:
        end = after_months(end, expiry.months, zone)
    if expiry.days:
        end = after_days(end, expiry.days, zone)
    return end_of_period(end, expiry.end_of, zone) if expiry.end_of else end


def spending_order(lot: Lot) -> tuple[Instant, Instant, LotId]:
    """Order lots for spending: soonest expiry, then the oldest, then the lowest id."""
    return (lot.expires_at or NEVER, lot.opened_at, lot.id)


def spendable(book: Book) -> int:
    """Give the points that the open lots hold; debt and due expiries are settled before."""
    return sum(lot.remaining for lot in book.lots.values())


def open_lot(draft: Draft, book: Book, award: Transaction) -> Lot:
    """Open the lot of an award that is approved now and names it."""
    assert award.lot_id is not None
    lot = Lot(
        id=award.lot_id,
        member_id=award.member_id,
        transaction_id=award.id,
        activity_id=award.activity_id,
        points=award.points,
        remaining=award.points,
        opened_at=draft.at,
        expires_at=award.expires_at,
        awarded_at=award.created_at,
        approver=award.approver,
    )
    draft.put_lot(book, lot)
    return lot


def spend(draft: Draft, book: Book, points: int, *, hold: bool = False) -> tuple[LotShare, ...]:
    """Take points out of the lots in spending order, or set them aside on hold.

    Errors: AssertionError when the lots hold less; callers look first.
    """
    shares: list[LotShare] = []
    missing = points
    for lot in sorted(book.lots.values(), key=spending_order):
        if not missing:
            break
        taken = min(missing, lot.remaining)
        if taken:
            missing -= taken
            held = lot.held + taken if hold else lot.held
            draft.put_lot(book, replace(lot, remaining=lot.remaining - taken, held=held))
            shares.append(LotShare(lot.id, taken))
    assert not missing, "spent more than the lots held"
    return tuple(shares)


def capture_held(draft: Draft, book: Book, shares: Iterable[LotShare]) -> None:
    """Let go of points on hold that are now spent for good."""
    for share in shares:
        lot = draft.lot(book, share.lot_id)
        draft.put_lot(book, replace(lot, held=lot.held - share.points))


def give_back(draft: Draft, book: Book, shares: Iterable[LotShare], *, held: bool) -> None:
    """Give points back to the lots that paid, from hold or from what was spent."""
    for share in shares:
        lot = draft.lot(book, share.lot_id)
        back = replace(lot, remaining=lot.remaining + share.points)
        draft.put_lot(book, replace(back, held=lot.held - share.points) if held else back)


def taken(shares: Iterable[LotShare]) -> dict[LotId, int]:
    """Give the lot moves of a debit."""
    return {share.lot_id: -share.points for share in shares}


def returned(shares: Iterable[LotShare]) -> dict[LotId, int]:
    """Give the lot moves of points that came back."""
    return {share.lot_id: share.points for share in shares}


def repay(draft: Draft, book: Book) -> None:
    """Let the lots pay back what was once deducted beyond them."""
    points = min(book.member.balances.debt, spendable(book))
    if points:
        shares = spend(draft, book, points)
        source = draft.lot(book, shares[0].lot_id).transaction_id
        draft.enter(book, "repay", points, source, debt=-points, moves=taken(shares))
