"""Reviews as the API lists them; the newest first."""

from stampbook.nouns.review import Review, ReviewStatus
from stampbook.store.backend import Unit
from stampbook.store.reading.page import Page, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.json import decode


def reviews(
    unit: Unit,
    program_id: ProgramId,
    *,
    product_id: str | None = None,
    member: MemberId | None = None,
    status: ReviewStatus | None = None,
    limit: int,
    after: str | None = None,
) -> Page[Review]:
    """Give reviews, of a product, of a member or of all.

    Errors: CursorError.
    """
    query = Query("SELECT id, body FROM review", program_id)
    query.given("product_id = ?", product_id).given("member = ?", member)
    query.given("status = ?", status)
    query.given("id < ?", key_of(after, str)[0] if after else None)
    rows = query.rows(unit, "ORDER BY id DESC LIMIT ?", limit + 1)
    return page_of(rows, limit, lambda row: decode(row[1], Review), lambda row: row[:1])
