"""Endpoints: who is sent facts, in which dialect, and which of them."""

from collections.abc import Generator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from stampbook.api.desk import Desk
from stampbook.api.problem import (
    DIALECT_UNKNOWN,
    ENDPOINT_ACCESS_ELSEWHERE,
    ENDPOINT_ACCESS_INVALID,
    ENDPOINT_BATCHING_UNAVAILABLE,
    ENDPOINT_NOT_FOUND,
    ENDPOINT_SECRET_INVALID,
    ENDPOINT_SECRETS_TOO_MANY,
    ENDPOINT_SECRETS_UNREADABLE,
    ENDPOINT_URL_INVALID,
    FACT_TYPE_UNKNOWN,
    REQUEST_PROBLEMS,
    ProblemError,
)
from stampbook.api.route import Answer, Write
from stampbook.delivery.showing import EndpointInfo, Watch, revealed, shown
from stampbook.delivery.subscribing import (
    CreateEndpoint,
    EndpointChanges,
    EndpointError,
    Made,
    Rotation,
    Workshop,
    change,
    create,
    rotate,
)
from stampbook.store.activation import Hand, revise
from stampbook.store.backend import Unit
from stampbook.store.endpoints import (
    Endpoint,
    add_endpoint,
    endpoints,
    find_endpoint,
    remove_endpoint,
)
from stampbook.store.lanes import healths
from stampbook.values.ids import EndpointId
from stampbook.values.instants import from_ms, to_ms

SETTINGS = (
    FACT_TYPE_UNKNOWN,
    ENDPOINT_URL_INVALID,
    ENDPOINT_BATCHING_UNAVAILABLE,
    ENDPOINT_ACCESS_INVALID,
)


class ListEndpoints(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The endpoints of the program, the oldest first."""


class OneEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint by its id."""

    endpoint_id: EndpointId


class UpdateEndpoint(EndpointChanges, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to an endpoint: a field that is absent stays, those inside `conduct` among them.

    Shapes: while `disabled`, it gets no new facts, and what waits for it is held. `ordering` and
    `batch_wait_ms` hold for facts that happen from the change on.
    """

    endpoint_id: EndpointId


class RotateSecret(Rotation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new secret for an endpoint; those before sign beside it for a while, and then never more.

    Shapes: the vendors' own signatures are made with the newest secret alone.
    """

    endpoint_id: EndpointId


class EndpointList(Struct, frozen=True, kw_only=True):
    """The endpoints."""

    items: tuple[EndpointInfo, ...]


class EndpointWithSecret(Struct, frozen=True, kw_only=True):
    """The endpoint, and what verifies its webhooks from now on.

    Shapes: `secret` is shown this once, and null where only a private key signs; `public_key` is
    null where none does.
    """

    endpoint: EndpointInfo
    secret: str | None
    public_key: str | None


class EndpointRemoved(Struct, frozen=True, kw_only=True):
    """The endpoint that is gone, with everything that still waited for it."""

    id: EndpointId


def list_endpoints(desk: Desk, asked: ListEndpoints) -> EndpointList:
    """Give every endpoint."""
    del asked
    with desk.present() as present:
        found = endpoints(present.unit, desk.program_id)
        watch = _watch(desk, present.unit)
    return EndpointList(items=tuple(shown(one, watch) for one in found))


def read_endpoint(desk: Desk, asked: OneEndpoint) -> EndpointInfo:
    """Give one endpoint."""
    with desk.present() as present:
        return _shown(desk, present.unit, _known(present.unit, desk, asked.endpoint_id))


def create_endpoint(desk: Desk, unit: Unit, asked: CreateEndpoint) -> EndpointWithSecret:
    """Make an endpoint with a secret of its own."""
    workshop = _workshop(desk)
    with _told():
        made = create(asked, EndpointId(desk.parts.new_id()), workshop)
    add_endpoint(unit, desk.program_id, made.endpoint, to_ms(workshop.now))
    return _with_secret(desk, unit, made)


def update_endpoint(desk: Desk, unit: Unit, asked: UpdateEndpoint) -> EndpointInfo:
    """Change an endpoint."""
    endpoint = _known(unit, desk, asked.endpoint_id, lock=True)
    workshop = _workshop(desk)
    with _told():
        changed = change(endpoint, asked, workshop)
    return _shown(desk, unit, _store(unit, desk, endpoint, changed, workshop))


def rotate_secret(desk: Desk, unit: Unit, asked: RotateSecret) -> EndpointWithSecret:
    """Give an endpoint a new secret, and an end to those before."""
    endpoint = _known(unit, desk, asked.endpoint_id, lock=True)
    workshop = _workshop(desk)
    with _told():
        made = rotate(endpoint, asked, workshop)
    stored = _store(unit, desk, endpoint, made.endpoint, workshop)
    return _with_secret(desk, unit, Made(stored, made.secrets))


def delete_endpoint(desk: Desk, unit: Unit, asked: OneEndpoint) -> EndpointRemoved:
    """Remove an endpoint."""
    if not remove_endpoint(unit, desk.program_id, asked.endpoint_id):
        raise ProblemError(ENDPOINT_NOT_FOUND)
    return EndpointRemoved(id=asked.endpoint_id)


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except EndpointError as error:
        kind = REQUEST_PROBLEMS[error.code]
        raise ProblemError(kind, error.detail, field=f"/{error.field}") from None


def _workshop(desk: Desk) -> Workshop:
    return Workshop(
        vault=desk.parts.vault,
        random_bytes=desk.parts.secret,
        destinations=desk.parts.destinations,
        now=from_ms(desk.parts.engine.clock.real_ms()),
    )


def _watch(desk: Desk, unit: Unit) -> Watch:
    return Watch(
        vault=desk.parts.vault,
        healths=healths(unit, desk.program_id),
        now_ms=desk.parts.engine.clock.real_ms(),
    )


def _shown(desk: Desk, unit: Unit, endpoint: Endpoint) -> EndpointInfo:
    return shown(endpoint, _watch(desk, unit))


def _with_secret(desk: Desk, unit: Unit, made: Made) -> EndpointWithSecret:
    told = revealed(made.secrets)
    return EndpointWithSecret(
        endpoint=_shown(desk, unit, made.endpoint),
        secret=told.secret,
        public_key=told.public_key,
    )


def _store(
    unit: Unit, desk: Desk, before: Endpoint, after: Endpoint, workshop: Workshop
) -> Endpoint:
    hand = Hand(cause=desk.request_id, at_ms=to_ms(workshop.now), new_id=desk.parts.new_id)
    revise(unit, desk.program_id, before, after, hand)
    return replace(after, updated_at=workshop.now)


def _known(unit: Unit, desk: Desk, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    endpoint = find_endpoint(unit, desk.program_id, endpoint_id, lock=lock)
    if endpoint is None:
        raise ProblemError(ENDPOINT_NOT_FOUND)
    return endpoint


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
        refuses=(DIALECT_UNKNOWN, *SETTINGS, ENDPOINT_SECRET_INVALID),
        writes=create_endpoint,
        example={
            "url": "https://shop.example/hooks/loyalty",
            "event_types": ["points.earned", "tier.upgraded"],
            "ordering": "member",
            "conduct": {"rate_per_second": 50, "timeout_seconds": 10},
            "access": {"headers": {"X-Shop": "beans"}},
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
        refuses=(
            ENDPOINT_NOT_FOUND,
            *SETTINGS,
            ENDPOINT_ACCESS_ELSEWHERE,
            ENDPOINT_SECRETS_UNREADABLE,
        ),
        writes=update_endpoint,
        example={"status": "disabled"},
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/rotate-secret",
        summary="Give an endpoint a new secret",
        scope="admin",
        asks=RotateSecret,
        gives=EndpointWithSecret,
        refuses=(
            ENDPOINT_NOT_FOUND,
            ENDPOINT_SECRET_INVALID,
            ENDPOINT_SECRETS_TOO_MANY,
            ENDPOINT_SECRETS_UNREADABLE,
        ),
        writes=rotate_secret,
        example={"overlap_hours": 48},
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
