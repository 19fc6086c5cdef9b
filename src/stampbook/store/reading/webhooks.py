"""Deliveries and attempts as the API lists them; the newest first.

The try that was received stands in the delivery's own row, those that were not in `attempt`.
"""

from typing import Literal

from msgspec import Struct

from stampbook.store.backend import Row, Unit
from stampbook.store.reading.page import Page, cursor_of, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.values.ids import (
    COUNT_BITS,
    INDEX_BITS,
    PROCESS_BITS,
    EndpointId,
    FactId,
    ProgramId,
    RequestId,
)
from stampbook.values.instants import Instant, from_ms, to_ms

DeliveryStatus = Literal["pending", "leased", "delivered", "skipped", "failed"]

DELIVERIES = (
    "SELECT id, endpoint_id, fact_id, fact_type, status, due_at_ms, attempts, request_id, "
    "delivered_at_ms, sequence, leased_until_ms, status_code, duration_ms, response_excerpt, "
    "replay_id FROM delivery"
)
LOOKED_AT = "SELECT coalesce(min(id), ''), count(*) FROM (SELECT id FROM delivery"
ATTEMPTS = (
    "SELECT id, endpoint_id, request_id, number, started_at_ms, duration_ms, status_code, error, "
    "response_excerpt, facts FROM attempt"
)
NEWEST = "ORDER BY id DESC LIMIT ?"
LOOKED_AT_MAX = 20_000
"""Deliveries, of any endpoint, that one page of numbered ones looks at: no index knows numbers,
because a lease, which sets them, would have to write it."""
ID_BITS_BELOW_TIME = PROCESS_BITS + COUNT_BITS + INDEX_BITS


class Received(Struct, frozen=True, kw_only=True):
    """The answer of the receiver that took a request."""

    status_code: int | None
    duration_ms: int
    response_excerpt: str


class DeliveryLine(Struct, frozen=True, kw_only=True):
    """One fact to one endpoint.

    Shapes: `request_id` and `sequence` are those of the request, once there was one; of a replay
    they are new. A delivery that is `leased` is being sent. `replay_id` is the replay that made it,
    or the delivery that was sent again by it alone.
    """

    id: str
    endpoint_id: EndpointId
    fact_id: FactId
    fact_type: str
    status: DeliveryStatus
    due_at: Instant
    attempts: int
    request_id: RequestId | None
    sequence: int | None
    delivered_at: Instant | None
    received: Received | None
    replay_id: str | None


class Numbered(Struct, frozen=True):
    """Which requests: from a number, to a number, in a status, made before an instant.

    Shapes: among no more than `looked_at` deliveries.
    """

    first: int | None
    last: int | None
    status: DeliveryStatus | None = None
    made_before: Instant | None = None
    looked_at: int = LOOKED_AT_MAX


class AttemptLine(Struct, frozen=True, kw_only=True):
    """One HTTP try; `facts` is how many it carried."""

    id: str
    endpoint_id: EndpointId
    request_id: RequestId
    number: int
    started_at: Instant
    duration_ms: int
    status_code: int | None
    error: str | None
    response_excerpt: str
    facts: int


def deliveries(
    unit: Unit,
    program_id: ProgramId,
    *,
    endpoint_id: EndpointId | None = None,
    fact_id: FactId | None = None,
    status: DeliveryStatus | None = None,
    now_ms: int,
    limit: int,
    after: str | None = None,
) -> Page[DeliveryLine]:
    """Give deliveries, those of an endpoint or of a fact if one is named.

    Units: `now_ms` is real time, which tells what is leased.
    Errors: CursorError.
    """
    using = unit.dialect.using("ix_delivery_failed") if status == "failed" and endpoint_id else ""
    query = Query(DELIVERIES + using, program_id).given("endpoint_id = ?", endpoint_id)
    query.given("fact_id = ?", fact_id)
    _in_status(query, status, now_ms)
    rows = query.given("id < ?", _last(after)).rows(unit, NEWEST, limit + 1)
    return page_of(rows, limit, lambda row: _delivery(row, now_ms), lambda row: row[:1])


def numbered_deliveries(
    unit: Unit,
    program_id: ProgramId,
    endpoint_id: EndpointId,
    asked: Numbered,
    *,
    now_ms: int,
    limit: int,
    after: str | None = None,
) -> Page[DeliveryLine]:
    """Give the deliveries of an endpoint's requests by their numbers.

    Shapes: a page that is not the last one may be short or empty, because it looks back a bounded
    way.
    Units: `now_ms` is real time, which tells what is leased.
    Errors: CursorError.
    """
    before = [each for each in (_last(after), _first_id(asked.made_before)) if each is not None]
    highest = min(before, default=None)
    looked = Query(LOOKED_AT, program_id).given("id < ?", highest)
    [(lowest, number)] = looked.rows(unit, f"{NEWEST}) AS looked", asked.looked_at)
    query = Query(DELIVERIES, program_id).where("endpoint_id = ?", endpoint_id)
    query.where("id >= ?", lowest).given("id < ?", highest)
    query.given("sequence >= ?", asked.first).given("sequence <= ?", asked.last)
    _in_status(query, asked.status, now_ms)
    rows = query.rows(unit, NEWEST, limit + 1)
    page = page_of(rows, limit, lambda row: _delivery(row, now_ms), lambda row: row[:1])
    if page.next is None and number == asked.looked_at:
        return Page(page.items, cursor_of(lowest))
    return page


def _in_status(query: Query, status: DeliveryStatus | None, now_ms: int) -> None:
    if status in {"pending", "leased"}:
        query.where("status IN ('pending', 'leased')")
        sign = ">" if status == "leased" else "<="
        query.where(f"coalesce(leased_until_ms, 0) {sign} ?", now_ms)
    elif status == "failed":  # said in the text, or SQLite does not see that there is an index
        query.where("status = 'failed'")
    else:
        query.given("status = ?", status)


def _first_id(instant: Instant | None) -> str | None:
    """Give the lowest id that can be made at an instant."""
    return None if instant is None else f"{to_ms(instant) << ID_BITS_BELOW_TIME:024x}"


def find_delivery(
    unit: Unit, program_id: ProgramId, delivery_id: str, now_ms: int
) -> DeliveryLine | None:
    """Give a delivery by its id."""
    rows = Query(DELIVERIES, program_id).where("id = ?", delivery_id).rows(unit, "")
    return _delivery(rows[0], now_ms) if rows else None


def attempts(
    unit: Unit,
    program_id: ProgramId,
    *,
    endpoint_id: EndpointId | None = None,
    request_id: RequestId | None = None,
    limit: int,
    after: str | None = None,
) -> Page[AttemptLine]:
    """Give the attempts that were not received, of an endpoint or of a request if one is named.

    Errors: CursorError.
    """
    query = Query(ATTEMPTS, program_id).given("endpoint_id = ?", endpoint_id)
    query.given("request_id = ?", request_id).given("id < ?", _last(after))
    rows = query.rows(unit, NEWEST, limit + 1)
    return page_of(rows, limit, _attempt, lambda row: row[:1])


def _last(after: str | None) -> str | None:
    return key_of(after, str)[0] if after else None


def _delivery(row: Row, now_ms: int) -> DeliveryLine:
    (id_, endpoint_id, fact_id, fact_type, status, due_at_ms, tries, request_id, at_ms, sequence,
     leased_until_ms, status_code, duration_ms, excerpt, replay_id) = row  # fmt: skip
    if status in {"pending", "leased"}:
        status = "leased" if (leased_until_ms or 0) > now_ms else "pending"
    return DeliveryLine(
        id=id_,
        endpoint_id=endpoint_id,
        fact_id=fact_id,
        fact_type=fact_type,
        status=status,
        due_at=from_ms(due_at_ms),
        attempts=tries,
        request_id=request_id,
        sequence=sequence,
        delivered_at=None if at_ms is None else from_ms(at_ms),
        received=None
        if duration_ms is None
        else Received(
            status_code=status_code, duration_ms=duration_ms, response_excerpt=excerpt or ""
        ),
        replay_id=replay_id,
    )


def _attempt(row: Row) -> AttemptLine:
    (id_, endpoint_id, request_id, number, started_at_ms, duration_ms, status_code, error,
     excerpt, facts) = row  # fmt: skip
    return AttemptLine(
        id=id_,
        endpoint_id=endpoint_id,
        request_id=request_id,
        number=number,
        started_at=from_ms(started_at_ms),
        duration_ms=duration_ms,
        status_code=status_code,
        error=error,
        response_excerpt=excerpt,
        facts=facts,
    )
