"""Endpoints: who is sent facts, what became of each delivery, and sending it again."""

from typing import Any, Literal

from msgspec import Struct

from stampbook.store.backend import Row, Unit
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import decode, encode_text

EndpointStatus = Literal["active", "disabled"]
DeliveryStatus = Literal["pending", "leased", "delivered", "failed"]

COLUMNS = (
    "program_id", "id", "url", "dialect", "event_types", "secrets", "batch_size", "status",
    "created_at_ms", "updated_at_ms", "description",
)  # fmt: skip
ENDPOINTS = f"SELECT {', '.join(COLUMNS[1:])} FROM endpoint WHERE program_id = ?"
CHANGE = (
    "UPDATE endpoint SET url = ?, event_types = ?, secrets = ?, batch_size = ?, status = ?, "
    "updated_at_ms = ?, description = ? WHERE program_id = ? AND id = ?"
)
REMOVE = "DELETE FROM endpoint WHERE program_id = ? AND id = ?"
DROP_WAITING = (
    "DELETE FROM delivery "
    "WHERE program_id = ? AND endpoint_id = ? AND status IN ('pending', 'leased')"
)
DELIVERIES = (
    "SELECT id, endpoint_id, fact_id, fact_type, cause, status, due_at_ms, attempts, request_id, "
    "delivered_at_ms FROM delivery WHERE program_id = ?"
)
ATTEMPTS = (
    "SELECT number, started_at_ms, duration_ms, status_code, error, response_excerpt, facts "
    "FROM attempt WHERE program_id = ? AND endpoint_id = ? AND request_id = ? ORDER BY id"
)
RETRY = (
    "UPDATE delivery SET status = 'pending', due_at_ms = ?, attempts = 0 "
    "WHERE program_id = ? AND endpoint_id = ? AND request_id = ? AND status = 'failed'"
)


class Endpoint(Struct, frozen=True, kw_only=True):
    """A subscriber. `secrets` are sealed."""

    id: EndpointId
    url: str
    dialect: str
    event_types: tuple[str, ...]
    """Native names; none is everything that the dialect speaks."""
    secrets: str
    batch_size: int
    status: EndpointStatus
    created_at: Instant
    updated_at: Instant
    description: str


class DeliveryRecord(Struct, frozen=True, kw_only=True):
    """One fact to one endpoint."""

    id: str
    endpoint_id: EndpointId
    fact_id: str
    fact_type: str
    cause: str
    status: DeliveryStatus
    """`leased` is being sent."""
    due_at: Instant
    """When it is, or was, to be tried next."""
    tries: int
    request_id: str | None
    """The HTTP request that carries it, the same on every try; None before the first."""
    delivered_at: Instant | None


class AttemptRecord(Struct, frozen=True, kw_only=True):
    """One HTTP try of the request that carries a delivery."""

    number: int
    started_at: Instant
    duration_ms: int
    status_code: int | None
    error: str | None
    response_excerpt: str
    facts: int
    """How many facts the request carried."""


def endpoints(unit: Unit, program_id: ProgramId) -> list[Endpoint]:
    """Give the endpoints of a program, oldest first."""
    return [_endpoint(row) for row in unit.rows(f"{ENDPOINTS} ORDER BY id", (program_id,))]


def find_endpoint(unit: Unit, program_id: ProgramId, endpoint_id: str) -> Endpoint | None:
    """Give one endpoint."""
    rows = unit.rows(f"{ENDPOINTS} AND id = ?", (program_id, endpoint_id))
    return _endpoint(rows[0]) if rows else None


def add_endpoint(unit: Unit, program_id: ProgramId, endpoint: Endpoint, at_ms: int) -> None:
    """Store a new endpoint."""
    row = (
        program_id,
        endpoint.id,
        endpoint.url,
        endpoint.dialect,
        encode_text(endpoint.event_types),
        endpoint.secrets,
        endpoint.batch_size,
        endpoint.status,
        at_ms,
        at_ms,
        endpoint.description,
    )
    unit.insert("endpoint", COLUMNS, [row])


def change_endpoint(unit: Unit, program_id: ProgramId, endpoint: Endpoint, at_ms: int) -> None:
    """Store what an endpoint has become."""
    unit.run(
        CHANGE,
        (
            endpoint.url,
            encode_text(endpoint.event_types),
            endpoint.secrets,
            endpoint.batch_size,
            endpoint.status,
            at_ms,
            endpoint.description,
            program_id,
            endpoint.id,
        ),
    )


def remove_endpoint(unit: Unit, program_id: ProgramId, endpoint_id: str) -> bool:
    """Remove an endpoint with what still waits for it; False when there is none."""
    removed = unit.run(REMOVE, (program_id, endpoint_id))
    unit.run(DROP_WAITING, (program_id, endpoint_id))
    return removed > 0


def delivery_page(
    unit: Unit,
    program_id: ProgramId,
    endpoint_id: str,
    status: DeliveryStatus | None,
    before: str | None,
    limit: int,
) -> list[DeliveryRecord]:
    """Give the next deliveries of an endpoint, newest first."""
    sql, values = f"{DELIVERIES} AND endpoint_id = ?", list[Any]((program_id, endpoint_id))
    for condition, value in (("status = ?", status), ("id < ?", before)):
        if value is not None:
            sql += f" AND {condition}"
            values.append(value)
    rows = unit.rows(f"{sql} ORDER BY id DESC LIMIT ?", (*values, limit))
    return [_delivery(row) for row in rows]


def find_delivery(unit: Unit, program_id: ProgramId, delivery_id: str) -> DeliveryRecord | None:
    """Give one delivery."""
    rows = unit.rows(f"{DELIVERIES} AND id = ?", (program_id, delivery_id))
    return _delivery(rows[0]) if rows else None


def attempts_of(unit: Unit, program_id: ProgramId, delivery: DeliveryRecord) -> list[AttemptRecord]:
    """Give the tries of the request that carries a delivery, oldest first."""
    if delivery.request_id is None:
        return []
    rows = unit.rows(ATTEMPTS, (program_id, delivery.endpoint_id, delivery.request_id))
    return [_attempt(row) for row in rows]


def retry(unit: Unit, program_id: ProgramId, delivery: DeliveryRecord, at_ms: int) -> bool:
    """Let a failed request be sent again from its first try; False when it has not failed.

    Shapes: everything that the request carried goes again, under the same id.
    """
    key = (program_id, delivery.endpoint_id, delivery.request_id)
    return unit.run(RETRY, (at_ms, *key)) > 0


def _endpoint(row: Row) -> Endpoint:
    (
        endpoint_id, url, dialect, event_types, sealed, batch_size, status, created_at_ms,
        updated_at_ms, description,
    ) = row  # fmt: skip
    return Endpoint(
        id=endpoint_id,
        url=url,
        dialect=dialect,
        event_types=tuple(decode(event_types, list[str])),
        secrets=sealed,
        batch_size=batch_size,
        status=status,
        created_at=from_ms(created_at_ms),
        updated_at=from_ms(updated_at_ms),
        description=description,
    )


def _delivery(row: Row) -> DeliveryRecord:
    (
        delivery_id, endpoint_id, fact_id, fact_type, cause, status, due_at_ms, tries, request_id,
        delivered_at_ms,
    ) = row  # fmt: skip
    return DeliveryRecord(
        id=delivery_id,
        endpoint_id=endpoint_id,
        fact_id=fact_id,
        fact_type=fact_type,
        cause=cause,
        status=status,
        due_at=from_ms(due_at_ms),
        tries=tries,
        request_id=request_id,
        delivered_at=None if delivered_at_ms is None else from_ms(delivered_at_ms),
    )


def _attempt(row: Row) -> AttemptRecord:
    number, started_at_ms, duration_ms, status_code, error, response_excerpt, facts = row
    return AttemptRecord(
        number=number,
        started_at=from_ms(started_at_ms),
        duration_ms=duration_ms,
        status_code=status_code,
        error=error,
        response_excerpt=response_excerpt,
        facts=facts,
    )
