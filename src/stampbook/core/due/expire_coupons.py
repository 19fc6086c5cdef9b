"""A coupon that was not used expires."""

from stampbook.core.book import Book
from stampbook.core.coupons import change_status
from stampbook.core.draft import Draft, Program
from stampbook.core.due import DueKind
from stampbook.nouns.coupon import Coupon
from stampbook.values.instants import Instant


def _open(book: Book) -> list[Coupon]:
    return [coupon for coupon in book.coupons.values() if coupon.status == "issued"]


def _next(book: Book, _: Program) -> Instant | None:
    if not book.coupons:
        return None
    dates = (coupon.expires_at for coupon in _open(book))
    return min((date for date in dates if date is not None), default=None)


def _run(draft: Draft, book: Book) -> None:
    for coupon in sorted(_open(book), key=lambda coupon: coupon.id):
        if coupon.expires_at is not None and coupon.expires_at <= draft.at:
            change_status(draft, book, coupon, "expired")


DUE = DueKind(rank=60, next=_next, run=_run)
