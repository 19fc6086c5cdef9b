"""Listeners: endpoints with the URL `listen:`, whose requests are fetched and not sent."""

import random
from typing import Annotated

from msgspec import Meta, Struct

from stampbook.api.desk import Desk
from stampbook.api.problem import (
    ENDPOINT_NOT_FOUND,
    ENDPOINT_NOT_LISTENER,
    LEASE_TOKEN_UNKNOWN,
    ProblemError,
)
from stampbook.api.route import Poll, Write
from stampbook.core.health import HealthState
from stampbook.core.lease import LEASE_MS, EndpointKey, Leased, Outcome, Turn
from stampbook.core.listening import is_listener
from stampbook.delivery.pulling import (
    EXCERPT_MAX,
    Pulled,
    Report,
    TokenUnknownError,
    handed,
    judged,
    lease_of,
    unready,
)
from stampbook.store.backend import Unit
from stampbook.store.deliveries import Deliveries
from stampbook.store.endpoints import EndpointStatus
from stampbook.store.listening import Standing, pull, standing_of
from stampbook.values.ids import EndpointId
from stampbook.values.instants import Instant, from_ms

PULLED_MAX = 32
"""Requests of one answer."""
REPORTED_MAX = 100
"""Requests of one report."""
TOKEN_MAX = 32_768
"""A request may carry as many facts as its endpoint's batch has."""
DURATION_MS_MAX = 10 * 60 * 1000

fraction = random.SystemRandom().random

Token = Annotated[str, Meta(min_length=1, max_length=TOKEN_MAX)]


class PullRequests(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a listener may be sent now, leased for a minute to whoever asks.

    Shapes: it waits until there is something, and answers at once where many wait already. What is
    not reported in that minute is due again.
    """

    endpoint_id: EndpointId
    max: Annotated[int, Meta(ge=1, le=PULLED_MAX)] = 8
    """The most requests."""
    wait_seconds: Annotated[int, Meta(ge=0, le=20)] = 0


class PulledRequests(Struct, frozen=True, kw_only=True):
    """Requests to take along, oldest first, and how it stands with the listener.

    Shapes: while `status` is `disabled` nothing comes; while `health` is not `healthy` one request
    at a time does, and none before `paused_until`.
    """

    items: tuple[Pulled, ...]
    status: EndpointStatus
    health: HealthState
    paused_until: Instant | None


class Reported(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of one request.

    Shapes: `status_code` is null when no answer came, and `error` says why. Units: `duration_ms`
    from the first byte sent to the end of the answer; `retry_after_seconds` as the answer asked.
    """

    token: Token
    status_code: Annotated[int, Meta(ge=100, le=999)] | None
    duration_ms: Annotated[int, Meta(ge=0, le=DURATION_MS_MAX)]
    error: Annotated[str, Meta(max_length=256)] | None = None
    excerpt: Annotated[str, Meta(max_length=EXCERPT_MAX)] = ""
    """The beginning of the answer's body."""
    retry_after_seconds: Annotated[int, Meta(ge=0, le=1 << 31)] | None = None


class SettleRequests(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of requests, judged as if they had been sent; and those that were not tried.

    Shapes: what is reported too late is logged and changes nothing else.
    """

    endpoint_id: EndpointId
    tried: Annotated[tuple[Reported, ...], Meta(max_length=REPORTED_MAX)] = ()
    untried: Annotated[tuple[Token, ...], Meta(max_length=REPORTED_MAX)] = ()
    """Tokens of requests that are due again at once."""


class RequestsSettled(Struct, frozen=True, kw_only=True):
    """How many requests were reported."""

    tried: int
    untried: int


def pull_requests(desk: Desk, asked: PullRequests) -> PulledRequests:
    """Lease what a listener is due, rendered and signed."""
    key = EndpointKey(desk.program_id, asked.endpoint_id)
    now_ms = desk.parts.engine.clock.real_ms()
    with desk.parts.backend.read() as unit:  # what is due is no reason yet to lock anything
        standing = _listener(unit, key, now_ms)
    leased: list[Leased] = []
    if standing.status == "active":
        turn = Turn(now_ms=now_ms, until_ms=now_ms + LEASE_MS)
        leased = _pulled(desk, key, standing, asked.max, turn)
    return PulledRequests(
        items=_handed(desk, leased),
        status=standing.status,
        health=standing.state,
        paused_until=from_ms(standing.free_at_ms) if standing.free_at_ms > now_ms else None,
    )


def settle_requests(desk: Desk, unit: Unit, asked: SettleRequests) -> RequestsSettled:
    """Judge what was reported, and give back what was not tried."""
    key = EndpointKey(desk.program_id, asked.endpoint_id)
    now_ms = desk.parts.engine.clock.real_ms()
    _listener(unit, key, now_ms)
    outcomes: dict[str, Outcome] = {}  # a try that is reported twice counts once
    for one in asked.tried:
        leased = _lease_of(desk, key, one.token)
        report = Report(
            status_code=one.status_code,
            duration_ms=one.duration_ms,
            error=one.error,
            excerpt=one.excerpt.replace("\0", "\ufffd"),
            retry_after_seconds=one.retry_after_seconds or None,
        )
        outcomes[leased.lease_id] = judged(leased, report, now_ms, fraction())
    unsent = [_lease_of(desk, key, token) for token in asked.untried]
    tried = tuple(outcomes.values())
    turn = Turn(outcomes=tried, unsent=unsent, now_ms=now_ms, until_ms=now_ms)
    _queue(desk).settle(unit, turn)
    return RequestsSettled(tried=len(tried), untried=len(unsent))


def _pulled(
    desk: Desk, key: EndpointKey, standing: Standing, most: int, turn: Turn
) -> list[Leased]:
    if not standing.wants(turn.now_ms):
        return []
    with desk.parts.backend.transaction() as unit:
        return pull(unit, _queue(desk), key, standing, most, turn)


def _handed(desk: Desk, leased: list[Leased]) -> tuple[Pulled, ...]:
    """Give what is handed out; what cannot be rendered has failed, and its endpoint is told."""
    parts = desk.parts
    items: list[Pulled] = []
    broken: list[Outcome] = []
    for one in leased:
        now_ms = parts.engine.clock.real_ms()
        try:
            items.append(handed(one, parts.vault, from_ms(now_ms)))
        except Exception as error:  # noqa: BLE001 - one unreadable fact must not stop all others
            broken.append(judged(one, unready(error), now_ms, fraction()))
    if broken:
        at_ms = parts.engine.clock.real_ms()
        with parts.backend.transaction() as unit:
            _queue(desk).settle(unit, Turn(outcomes=broken, now_ms=at_ms, until_ms=at_ms))
    return tuple(items)


def _listener(unit: Unit, key: EndpointKey, now_ms: int) -> Standing:
    standing = standing_of(unit, key, now_ms)
    if standing is None:
        raise ProblemError(ENDPOINT_NOT_FOUND)
    if not is_listener(standing.url):
        raise ProblemError(ENDPOINT_NOT_LISTENER)
    return standing


def _lease_of(desk: Desk, key: EndpointKey, token: str) -> Leased:
    try:
        return lease_of(token, desk.parts.vault, key)
    except TokenUnknownError:
        raise ProblemError(LEASE_TOKEN_UNKNOWN, field="/tried") from None


def _queue(desk: Desk) -> Deliveries:
    parts = desk.parts
    return Deliveries(parts.backend, parts.new_id, parts.engine.programs)


ROUTES = (
    Poll(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/pull",
        summary="Fetch what a listener is due",
        scope="admin",
        asks=PullRequests,
        gives=PulledRequests,
        refuses=(ENDPOINT_NOT_FOUND, ENDPOINT_NOT_LISTENER),
        polls=pull_requests,
        says=lambda pulled: bool(pulled.items) or pulled.status != "active",
        example={"max": 8, "wait_seconds": 20},
    ),
    Write(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/settle",
        summary="Report what came of fetched requests",
        scope="admin",
        asks=SettleRequests,
        gives=RequestsSettled,
        refuses=(ENDPOINT_NOT_FOUND, ENDPOINT_NOT_LISTENER, LEASE_TOKEN_UNKNOWN),
        writes=settle_requests,
    ),
)
