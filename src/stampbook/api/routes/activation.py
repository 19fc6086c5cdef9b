"""Activation: the way back of an endpoint that was disabled, suspended or is not well."""

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.problem import ENDPOINT_NOT_FOUND, ProblemError, RefusedError
from stampbook.api.route import Write
from stampbook.api.routes.replays import ReplayInfo, info_of
from stampbook.core.health import HealthState
from stampbook.core.refusals import ENDPOINT_IS_DISABLED, refuse
from stampbook.store.activation import Hand, Standing, activate, resume
from stampbook.store.backend import Unit
from stampbook.store.endpoints import Endpoint, EndpointStatus, find_endpoint
from stampbook.values.ids import EndpointId


class ActivateEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that was disabled, by its owner or after a week without an answer.

    Shapes: one that is active stays as it is. If it was not well it gets one request at a time
    until it has answered.
    """

    endpoint_id: EndpointId
    backfill: bool = True
    """First bring it, in their order, the facts that it missed; new ones follow when it has caught
    up. Otherwise it gets those that happen from now on."""


class ResumeEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that is degraded or suspended, to be tried at once."""

    endpoint_id: EndpointId


class EndpointStanding(Struct, frozen=True, kw_only=True):
    """How it stands with an endpoint; `catching_up` by a backfill, while it does."""

    endpoint_id: EndpointId
    status: EndpointStatus
    health: HealthState
    catching_up: ReplayInfo | None


def activate_endpoint(desk: Desk, unit: Unit, asked: ActivateEndpoint) -> EndpointStanding:
    """Let an endpoint be sent facts again."""
    endpoint = _known(desk, unit, asked.endpoint_id)
    standing = activate(
        unit,
        desk.program_id,
        endpoint,
        Hand(
            cause=desk.request_id,
            at_ms=desk.parts.engine.clock.real_ms(),
            new_id=desk.parts.new_id,
        ),
        backfill=asked.backfill,
    )
    return _told(endpoint, standing)


def resume_endpoint(desk: Desk, unit: Unit, asked: ResumeEndpoint) -> EndpointStanding:
    """Let an endpoint be tried at once."""
    endpoint = _known(desk, unit, asked.endpoint_id)
    if endpoint.status != "active":
        raise RefusedError(refuse(ENDPOINT_IS_DISABLED))
    at_ms = desk.parts.engine.clock.real_ms()
    return _told(endpoint, resume(unit, desk.program_id, endpoint, at_ms))


def _known(desk: Desk, unit: Unit, endpoint_id: str) -> Endpoint:
    endpoint = find_endpoint(unit, desk.program_id, endpoint_id, lock=True)
    if endpoint is None:
        raise ProblemError(ENDPOINT_NOT_FOUND)
    return endpoint


def _told(endpoint: Endpoint, standing: Standing) -> EndpointStanding:
    return EndpointStanding(
        endpoint_id=endpoint.id,
        status=standing.status,
        health=standing.health.state,
        catching_up=None if standing.backfill is None else info_of(standing.backfill),
    )


ROUTES = (
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/activate",
        summary="Activate a disabled endpoint",
        scope="admin",
        asks=ActivateEndpoint,
        gives=EndpointStanding,
        refuses=(ENDPOINT_NOT_FOUND,),
        writes=activate_endpoint,
        example={"backfill": True},
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/resume",
        summary="Try a suspended endpoint at once",
        scope="admin",
        asks=ResumeEndpoint,
        gives=EndpointStanding,
        refuses=(ENDPOINT_NOT_FOUND, ENDPOINT_IS_DISABLED),
        writes=resume_endpoint,
    ),
)
