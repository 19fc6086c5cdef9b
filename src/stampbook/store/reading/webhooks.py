"""Deliveries and attempts as the API lists them; the newest first."""

from typing import Literal

from msgspec import Struct

from stampbook.store.backend import Row, Unit
from stampbook.store.reading.page import Page, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.values.ids import EndpointId, FactId, ProgramId, RequestId
from stampbook.values.instants import Instant, from_ms

DeliveryStatus = Literal["pending", "leased", "delivered", "skipped", "failed"]

DELIVERIES = (
    "SELECT id, endpoint_id, fact_id, fact_type, status, due_at_ms, attempts, request_id, "
    "delivered_at_ms FROM delivery"
)
ATTEMPTS = (
    "SELECT id, endpoint_id, request_id, number, started_at_ms, duration_ms, status_code, error, "
    "response_excerpt, facts FROM attempt"
)
NEWEST = "ORDER BY id DESC LIMIT ?"


class DeliveryLine(Struct, frozen=True, kw_only=True):
    """One fact to one endpoint. `request_id` is that of the HTTP request, once there was one."""

    id: str
    endpoint_id: EndpointId
    fact_id: FactId
    fact_type: str
    status: DeliveryStatus
    due_at: Instant
    attempts: int
    request_id: RequestId | None
    delivered_at: Instant | None


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
    limit: int,
    after: str | None = None,
) -> Page[DeliveryLine]:
    """Give deliveries, those of an endpoint or of a fact if one is named.

    Errors: CursorError.
    """
    query = Query(DELIVERIES, program_id).given("endpoint_id = ?", endpoint_id)
    query.given("fact_id = ?", fact_id).given("status = ?", status)
    rows = query.given("id < ?", _last(after)).rows(unit, NEWEST, limit + 1)
    return page_of(rows, limit, _delivery, lambda row: row[:1])


def find_delivery(unit: Unit, program_id: ProgramId, delivery_id: str) -> DeliveryLine | None:
    """Give a delivery by its id."""
    rows = Query(DELIVERIES, program_id).where("id = ?", delivery_id).rows(unit, "")
    return _delivery(rows[0]) if rows else None


def attempts(
    unit: Unit,
    program_id: ProgramId,
    *,
    endpoint_id: EndpointId | None = None,
    request_id: RequestId | None = None,
    limit: int,
    after: str | None = None,
) -> Page[AttemptLine]:
    """Give attempts, those of an endpoint or of a request if one is named.

    Errors: CursorError.
    """
    query = Query(ATTEMPTS, program_id).given("endpoint_id = ?", endpoint_id)
    query.given("request_id = ?", request_id).given("id < ?", _last(after))
    rows = query.rows(unit, NEWEST, limit + 1)
    return page_of(rows, limit, _attempt, lambda row: row[:1])


def _last(after: str | None) -> str | None:
    return key_of(after, str)[0] if after else None


def _delivery(row: Row) -> DeliveryLine:
    id_, endpoint_id, fact_id, fact_type, status, due_at_ms, tries, request_id, at_ms = row
    return DeliveryLine(
        id=id_,
        endpoint_id=endpoint_id,
        fact_id=fact_id,
        fact_type=fact_type,
        status=status,
        due_at=from_ms(due_at_ms),
        attempts=tries,
        request_id=request_id,
        delivered_at=None if at_ms is None else from_ms(at_ms),
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
