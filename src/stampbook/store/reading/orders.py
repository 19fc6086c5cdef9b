"""Orders as the API lists them."""

from stampbook.nouns.order import Order
from stampbook.store.backend import Unit
from stampbook.store.reading.page import Page, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.json import decode


def orders(
    unit: Unit, program_id: ProgramId, member: MemberId, *, limit: int, after: str | None = None
) -> Page[Order]:
    """Give a member's orders, the newest first.

    Errors: CursorError.
    """
    query = Query("SELECT created_at_ms, order_id, body FROM customer_order", program_id)
    query.where("member = ?", member)
    if after:
        query.where("(created_at_ms, order_id) < (?, ?)", *key_of(after, int, str))
    rows = query.rows(unit, "ORDER BY created_at_ms DESC, order_id DESC LIMIT ?", limit + 1)
    return page_of(rows, limit, lambda row: decode(row[2], Order), lambda row: row[:2])


def find_order(unit: Unit, program_id: ProgramId, order_id: str) -> Order | None:
    """Give an order by the shop's id."""
    query = Query("SELECT body FROM customer_order", program_id).where("order_id = ?", order_id)
    rows = query.rows(unit, "")
    return decode(rows[0][0], Order) if rows else None
