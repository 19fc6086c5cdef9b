"""Endpoints: who is sent facts; and sending again what has failed."""

from typing import Literal

from msgspec import Struct

from stampbook.core.delivery import Conduct, Ordering
from stampbook.core.lease import EndpointKey
from stampbook.store.backend import Row, Unit
from stampbook.store.lanes import Lane, read_lane, remove_lane, save_lanes
from stampbook.store.reading.webhooks import DeliveryLine
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import decode, encode_text

EndpointStatus = Literal["active", "disabled"]

COLUMNS = (
    "program_id", "id", "url", "dialect", "event_types", "secrets", "batch_size", "status",
    "created_at_ms", "updated_at_ms", "description", "only_with", "ordering", "batch_wait_ms",
    "conduct", "access",
)  # fmt: skip
ENDPOINTS = f"SELECT {', '.join(COLUMNS[1:])} FROM endpoint WHERE program_id = ?"
CHANGE = (
    "UPDATE endpoint SET url = ?, event_types = ?, secrets = ?, batch_size = ?, "
    "updated_at_ms = ?, description = ?, only_with = ?, ordering = ?, batch_wait_ms = ?, "
    "conduct = ?, access = ? WHERE program_id = ? AND id = ?"
)
REMOVE = "DELETE FROM endpoint WHERE program_id = ? AND id = ?"
DROP_WAITING = (
    "DELETE FROM delivery "
    "WHERE program_id = ? AND endpoint_id = ? AND status IN ('pending', 'leased')"
)
RETRY = (
    "UPDATE delivery SET status = 'pending', due_at_ms = ?, attempts = 0 "
    "WHERE program_id = ? AND endpoint_id = ? AND request_id = ? AND status = 'failed'"
)


class Endpoint(Struct, frozen=True, kw_only=True):
    """A subscriber. `secrets` and `access` are sealed."""

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
    only_with: tuple[str, ...] = ()
    """Fields in the dialect's words, such as `user_mobile` or `data.member.email_address`; an event
    in which one of them has no value is not sent."""
    ordering: Ordering = "none"
    batch_wait_ms: int = 0
    conduct: Conduct = Conduct()
    access: str = ""
    """Sealed: how to get in, beside the signature; empty for nothing."""


def endpoints(unit: Unit, program_id: ProgramId) -> list[Endpoint]:
    """Give the endpoints of a program, oldest first."""
    return [_endpoint(row) for row in unit.rows(f"{ENDPOINTS} ORDER BY id", (program_id,))]


def find_endpoint(
    unit: Unit, program_id: ProgramId, endpoint_id: str, *, lock: bool = False
) -> Endpoint | None:
    """Give one endpoint; nobody else changes it until the end, if it is locked."""
    locking = unit.dialect.lock if lock else ""
    rows = unit.rows(f"{ENDPOINTS} AND id = ?{locking}", (program_id, endpoint_id))
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
        *_wishes(endpoint),
    )
    unit.insert("endpoint", COLUMNS, [row])


def change_endpoint(unit: Unit, program_id: ProgramId, endpoint: Endpoint, at_ms: int) -> None:
    """Store what an endpoint whose row is locked has become, and let its lane follow.

    Shapes: its status stays what it is; `store.activation` changes it.
    """
    key = EndpointKey(program_id, endpoint.id)
    lane = read_lane(unit, key)
    if lane != Lane():  # when it may go on depends on what its owner wants
        save_lanes(unit, [(key, lane, endpoint.conduct)])
    unit.run(
        CHANGE,
        (
            endpoint.url,
            encode_text(endpoint.event_types),
            endpoint.secrets,
            endpoint.batch_size,
            at_ms,
            endpoint.description,
            *_wishes(endpoint),
            program_id,
            endpoint.id,
        ),
    )


def remove_endpoint(unit: Unit, program_id: ProgramId, endpoint_id: str) -> bool:
    """Remove an endpoint with what still waits for it; False when there is none."""
    removed = unit.run(REMOVE, (program_id, endpoint_id))
    remove_lane(unit, EndpointKey(program_id, EndpointId(endpoint_id)))
    unit.run(DROP_WAITING, (program_id, endpoint_id))
    return removed > 0


def retry(unit: Unit, program_id: ProgramId, delivery: DeliveryLine, at_ms: int) -> bool:
    """Let a failed request be sent again from its first try; False when it has not failed.

    Shapes: everything that the request carried goes again, under the same id.
    """
    key = (program_id, delivery.endpoint_id, delivery.request_id)
    return unit.run(RETRY, (at_ms, *key)) > 0


def _wishes(endpoint: Endpoint) -> Row:
    return (
        encode_text(endpoint.only_with),
        endpoint.ordering,
        endpoint.batch_wait_ms,
        encode_text(endpoint.conduct),
        endpoint.access,
    )


def _endpoint(row: Row) -> Endpoint:
    (
        endpoint_id, url, dialect, event_types, sealed, batch_size, status, created_at_ms,
        updated_at_ms, description, only_with, ordering, batch_wait_ms, conduct, access,
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
        only_with=tuple(decode(only_with, list[str])),
        ordering=ordering,
        batch_wait_ms=batch_wait_ms,
        conduct=decode(conduct, Conduct),
        access=access,
    )
