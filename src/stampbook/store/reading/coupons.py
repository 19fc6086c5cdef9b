"""Coupons as the API lists them."""

from stampbook.nouns.coupon import Coupon, CouponStatus
from stampbook.store.backend import Unit
from stampbook.store.reading.page import Page, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.json import decode


def coupons(
    unit: Unit,
    program_id: ProgramId,
    member: MemberId,
    *,
    status: CouponStatus | None = None,
    limit: int,
    after: str | None = None,
) -> Page[Coupon]:
    """Give a member's coupons, the newest first.

    Errors: CursorError.
    """
    query = Query("SELECT id, body FROM coupon", program_id).where("member = ?", member)
    query.given("status = ?", status).given("id < ?", key_of(after, str)[0] if after else None)
    rows = query.rows(unit, "ORDER BY id DESC LIMIT ?", limit + 1)
    return page_of(rows, limit, lambda row: decode(row[1], Coupon), lambda row: row[:1])


def find_coupon(unit: Unit, program_id: ProgramId, code: str) -> Coupon | None:
    """Give a coupon by its code."""
    rows = Query("SELECT body FROM coupon", program_id).where("code = ?", code).rows(unit, "")
    return decode(rows[0][0], Coupon) if rows else None


def find_coupon_of(
    unit: Unit, program_id: ProgramId, member: MemberId, coupon_id: str
) -> Coupon | None:
    """Give a member's coupon by our id of it."""
    query = Query("SELECT body FROM coupon", program_id).where("member = ?", member)
    rows = query.where("id = ?", coupon_id).rows(unit, "")
    return decode(rows[0][0], Coupon) if rows else None
