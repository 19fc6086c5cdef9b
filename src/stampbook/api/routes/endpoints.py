"""Endpoints: who is sent facts, in which dialect, and which of them."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from stampbook.api.desk import Desk
from stampbook.api.problem import (
    DIALECT_UNKNOWN,
    ENDPOINT_NOT_FOUND,
    ENDPOINT_URL_INVALID,
    FACT_TYPE_UNKNOWN,
    ProblemError,
)
from stampbook.api.route import Answer, Write
from stampbook.core.listening import is_listener
from stampbook.delivery.secrets import new_secret
from stampbook.dialects import catalogue
from stampbook.store.backend import Unit
from stampbook.store.endpoints import (
    Endpoint,
    EndpointStatus,
    add_endpoint,
    change_endpoint,
    endpoints,
    find_endpoint,
    remove_endpoint,
)
from stampbook.store.subscriptions import spoken
from stampbook.values.amounts import Key, Line, Link
from stampbook.values.egress import is_receiver
from stampbook.values.ids import EndpointId
from stampbook.values.instants import Instant, from_ms

BATCH_DEFAULT = 100
BatchSize = Annotated[int, Meta(ge=1, le=500)]
EventTypes = Annotated[tuple[Key, ...], Meta(max_length=200)]
OnlyWith = Annotated[tuple[Key, ...], Meta(max_length=20)]


class ListEndpoints(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The endpoints of the program, the oldest first."""


class OneEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint by its id."""

    endpoint_id: EndpointId


class CreateEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new subscriber. It gets facts that happen from now on."""

    url: Link
    dialect: Key = "native"
    event_types: EventTypes = ()
    """Native names, such as `points.earned`; none is everything that the dialect speaks."""
    batch_size: BatchSize = BATCH_DEFAULT
    """The most facts of one request, in a dialect that sends several."""
    description: Line = ""
    only_with: OnlyWith = ()
    """Fields of an event as the dialect spells it, such as `user_mobile` or
    `data.member.email_address`; an event in which one of them has no value is not sent."""


class UpdateEndpoint(OneEndpoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to an endpoint: a field that is absent stays.

    Shapes: while `disabled`, it gets no new facts, and what waits for it is held.
    """

    url: Link | UnsetType = UNSET
    event_types: EventTypes | UnsetType = UNSET
    batch_size: BatchSize | UnsetType = UNSET
    status: EndpointStatus | UnsetType = UNSET
    description: Line | UnsetType = UNSET
    only_with: OnlyWith | UnsetType = UNSET


class EndpointInfo(Struct, frozen=True, kw_only=True):
    """An endpoint, without its secrets."""

    id: EndpointId
    url: str
    dialect: str
    event_types: tuple[str, ...]
    """Native names; none is everything that the dialect speaks."""
    batch_size: int
    status: EndpointStatus
    description: str
    only_with: tuple[str, ...]
    """Fields that must have a value for an event to be sent, as the dialect spells them."""
    created_at: Instant
    updated_at: Instant


class EndpointList(Struct, frozen=True, kw_only=True):
    """The endpoints."""

    items: tuple[EndpointInfo, ...]


class EndpointWithSecret(Struct, frozen=True, kw_only=True):
    """The endpoint and its new secret, which is shown this once."""

    endpoint: EndpointInfo
    secret: str


class EndpointRemoved(Struct, frozen=True, kw_only=True):
    """The endpoint that is gone, with everything that still waited for it."""

    id: EndpointId


def list_endpoints(desk: Desk, asked: ListEndpoints) -> EndpointList:
    """Give every endpoint."""
    del asked
    with desk.present() as present:
        return EndpointList(
            items=tuple(_info(one) for one in endpoints(present.unit, desk.program_id))
        )


def read_endpoint(desk: Desk, asked: OneEndpoint) -> EndpointInfo:
    """Give one endpoint."""
    with desk.present() as present:
        return _info(_known(present.unit, desk, asked.endpoint_id))


def create_endpoint(desk: Desk, unit: Unit, asked: CreateEndpoint) -> EndpointWithSecret:
    """Make an endpoint with a secret of its own."""
    if asked.dialect not in catalogue():
        raise ProblemError(DIALECT_UNKNOWN, field="/dialect")
    at_ms = desk.parts.engine.clock.real_ms()
    secret = new_secret(desk.parts.secret)
    endpoint = Endpoint(
        id=EndpointId(desk.parts.new_id()),
        url=_checked_url(asked.url),
        dialect=asked.dialect,
        event_types=_checked_types(asked.dialect, asked.event_types),
        secrets=desk.parts.vault.seal([secret]),
        batch_size=asked.batch_size,
        status="active",
        created_at=from_ms(at_ms),
        updated_at=from_ms(at_ms),
        description=asked.description,
        only_with=asked.only_with,
    )
    add_endpoint(unit, desk.program_id, endpoint, at_ms)
    return EndpointWithSecret(endpoint=_info(endpoint), secret=secret)


def update_endpoint(desk: Desk, unit: Unit, asked: UpdateEndpoint) -> EndpointInfo:
    """Change an endpoint."""
    if asked.url is not UNSET:
        _checked_url(asked.url)
    given = {
        name: value
        for name in ("url", "event_types", "batch_size", "status", "description", "only_with")
        if (value := getattr(asked, name)) is not UNSET
    }
    endpoint = _known(unit, desk, asked.endpoint_id, lock=True)
    _checked_types(endpoint.dialect, given.get("event_types", ()))
    return _store(unit, desk, replace(endpoint, **given))


def rotate_secret(desk: Desk, unit: Unit, asked: OneEndpoint) -> EndpointWithSecret:
    """Give an endpoint a new secret; the one before stays in force until the next rotation."""
    secret = new_secret(desk.parts.secret)
    vault = desk.parts.vault
    endpoint = _known(unit, desk, asked.endpoint_id, lock=True)
    newest, *_ = vault.open(endpoint.secrets)
    info = _store(unit, desk, replace(endpoint, secrets=vault.seal([secret, newest])))
    return EndpointWithSecret(endpoint=info, secret=secret)


def delete_endpoint(desk: Desk, unit: Unit, asked: OneEndpoint) -> EndpointRemoved:
    """Remove an endpoint."""
    if not remove_endpoint(unit, desk.program_id, asked.endpoint_id):
        raise ProblemError(ENDPOINT_NOT_FOUND)
    return EndpointRemoved(id=asked.endpoint_id)


def _store(unit: Unit, desk: Desk, endpoint: Endpoint) -> EndpointInfo:
    at_ms = desk.parts.engine.clock.real_ms()
    change_endpoint(unit, desk.program_id, endpoint, at_ms)
    return _info(replace(endpoint, updated_at=from_ms(at_ms)))


def _known(unit: Unit, desk: Desk, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    endpoint = find_endpoint(unit, desk.program_id, endpoint_id, lock=lock)
    if endpoint is None:
        raise ProblemError(ENDPOINT_NOT_FOUND)
    return endpoint


def _checked_url(url: str) -> str:
    if not (is_receiver(url) or is_listener(url)):
        raise ProblemError(ENDPOINT_URL_INVALID, field="/url")
    return url


def _checked_types(dialect: str, event_types: tuple[str, ...]) -> tuple[str, ...]:
    for name in event_types:
        if name not in spoken(dialect):
            raise ProblemError(
                FACT_TYPE_UNKNOWN, f"The dialect has no fact {name}.", field="/event_types"
            )
    return event_types


def _info(endpoint: Endpoint) -> EndpointInfo:
    return EndpointInfo(
        **{name: getattr(endpoint, name) for name in EndpointInfo.__struct_fields__}
    )


ROUTES = (
    Answer(
        method="GET",
        path="/v1/endpoints",
        summary="List the endpoints",
        scope="read",
        asks=ListEndpoints,
        gives=EndpointList,
        answers=list_endpoints,
    ),
    Write(
        method="POST",
        path="/v1/endpoints",
        summary="Make an endpoint",
        scope="admin",
        asks=CreateEndpoint,
        gives=EndpointWithSecret,
        status=201,
        refuses=(DIALECT_UNKNOWN, FACT_TYPE_UNKNOWN, ENDPOINT_URL_INVALID),
        writes=create_endpoint,
        example={
            "url": "https://shop.example/hooks/loyalty",
            "event_types": ["points.earned", "tier.upgraded"],
        },
    ),
    Answer(
        method="GET",
        path="/v1/endpoints/{endpoint_id}",
        summary="Read an endpoint",
        scope="read",
        asks=OneEndpoint,
        gives=EndpointInfo,
        refuses=(ENDPOINT_NOT_FOUND,),
        answers=read_endpoint,
    ),
    Write(
        method="PATCH",
        path="/v1/endpoints/{endpoint_id}",
        summary="Change an endpoint",
        scope="admin",
        asks=UpdateEndpoint,
        gives=EndpointInfo,
        refuses=(ENDPOINT_NOT_FOUND, FACT_TYPE_UNKNOWN, ENDPOINT_URL_INVALID),
        writes=update_endpoint,
        example={"status": "disabled"},
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/rotate-secret",
        summary="Give an endpoint a new secret",
        scope="admin",
        asks=OneEndpoint,
        gives=EndpointWithSecret,
        refuses=(ENDPOINT_NOT_FOUND,),
        writes=rotate_secret,
    ),
    Write(
        method="DELETE",
        path="/v1/endpoints/{endpoint_id}",
        summary="Remove an endpoint",
        scope="admin",
        asks=OneEndpoint,
        gives=EndpointRemoved,
        refuses=(ENDPOINT_NOT_FOUND,),
        writes=delete_endpoint,
    ),
)
