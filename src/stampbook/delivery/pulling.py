"""Pulling: what a listener is handed of a lease, and what its report makes of it.

A listener is handed a request as the worker would send it, with a token that stands for the lease.
The token is sealed, so whoever reports can name no other lease than one that was handed to them;
and it holds all that judging needs, so it outlives the process that made it.
"""

from msgspec import Struct

from stampbook.core.delivery import Conduct, Try, judge
from stampbook.core.health import Health
from stampbook.core.lease import EndpointKey, Leased, Outcome
from stampbook.delivery.call import Response
from stampbook.delivery.prepare import prepare
from stampbook.delivery.secrets import SecretsUnreadableError, Vault
from stampbook.dialects import StoredFact
from stampbook.values.ids import EndpointId, FactId, ProgramId, RequestId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import decode, encode

EXCERPT_MAX = 2_048
"""Units: characters; what is kept of an answer that a listener reports."""


class Event(Struct, frozen=True):
    """A fact of a request: its id and its native name."""

    id: FactId
    type: str


class Pulled(Struct, frozen=True, kw_only=True):
    """A request to be taken to where the listener forwards it.

    Shapes: headers and body are those that a worker would send, to the byte. Requests of one
    `order_key` are handed in their order; each goes only when the one before was received.
    It is to be reported before `leased_until`; later, it may have been handed to somebody else.
    """

    token: str
    """Names it in the report."""
    request_id: RequestId
    sequence: int
    number: int
    """The try that it is, from 1."""
    order_key: str | None
    leased_until: Instant
    timeout_seconds: int
    """How long the endpoint may take for its answer."""
    events: tuple[Event, ...]
    headers: tuple[tuple[str, str], ...]
    body: str


class Report(Struct, frozen=True, kw_only=True):
    """What came of a request.

    Shapes: `status_code` is None when no answer came, and `error` says why.
    """

    status_code: int | None
    duration_ms: int
    error: str | None = None
    excerpt: str = ""
    retry_after_seconds: int | None = None


class TokenUnknownError(ValueError):
    """It is no token of this endpoint."""


class _Ticket(Struct, frozen=True, array_like=True):
    """What a token holds of a lease; only what judging and settling read."""

    program_id: ProgramId
    endpoint_id: EndpointId
    lease_id: str
    due_at_ms: int
    until_ms: int
    request_id: RequestId
    sequence: int
    number: int
    delivery_ids: tuple[str, ...]
    conduct: Conduct
    health: Health


def handed(leased: Leased, vault: Vault, now: Instant) -> Pulled:
    """Render and sign a lease, and give it with its token.

    Errors: as `prepare`.
    """
    request = prepare(leased, vault, now)
    return Pulled(
        token=_token(leased, vault),
        request_id=leased.request_id,
        sequence=leased.sequence,
        number=leased.number,
        order_key=leased.order_key,
        leased_until=from_ms(leased.until_ms),
        timeout_seconds=leased.conduct.timeout_seconds,
        events=tuple(Event(fact.id, fact.type) for fact in leased.facts),
        headers=request.headers,
        body=request.body.decode(),
    )


def lease_of(token: str, vault: Vault, key: EndpointKey) -> Leased:
    """Give the lease that a token stands for, as far as settling needs it.

    Errors: TokenUnknownError for what this server did not hand out to this endpoint.
    """
    try:
        ticket = decode(vault.decrypt(token), _Ticket)
    except (SecretsUnreadableError, ValueError) as error:
        raise TokenUnknownError from error
    if (ticket.program_id, ticket.endpoint_id) != key:
        raise TokenUnknownError
    return Leased(
        endpoint=key,
        url="",
        dialect="",
        secrets="",
        conduct=ticket.conduct,
        health=ticket.health,
        lease_id=ticket.lease_id,
        until_ms=ticket.until_ms,
        due_at_ms=ticket.due_at_ms,
        request_id=ticket.request_id,
        sequence=ticket.sequence,
        number=ticket.number,
        delivery_ids=ticket.delivery_ids,
        facts=_NO_FACTS,
    )


def judged(leased: Leased, report: Report | Response, now_ms: int, fraction: float) -> Outcome:
    """Judge a reported try, or one that could not even be handed out, as any other.

    Units: `now_ms` is when it is reported, which counts as its end; `fraction` is random, from 0
    to below 1.
    """
    attempt = Try(
        number=leased.number,
        ended_at_ms=now_ms,
        status_code=report.status_code,
        retry_after_seconds=report.retry_after_seconds,
        is_trial=leased.is_trial,
    )
    return Outcome(
        leased=leased,
        verdict=judge(attempt, leased.conduct, fraction),
        started_at_ms=now_ms - report.duration_ms,
        ended_at_ms=now_ms,
        duration_ms=report.duration_ms,
        status_code=report.status_code,
        error=report.error if report.status_code is None else None,
        response_excerpt=report.excerpt,
        retry_after_seconds=report.retry_after_seconds,
    )


_NO_FACTS: tuple[StoredFact, ...] = ()


def _token(leased: Leased, vault: Vault) -> str:
    ticket = _Ticket(
        program_id=leased.endpoint.program_id,
        endpoint_id=leased.endpoint.endpoint_id,
        lease_id=leased.lease_id,
        due_at_ms=leased.due_at_ms,
        until_ms=leased.until_ms,
        request_id=leased.request_id,
        sequence=leased.sequence,
        number=leased.number,
        delivery_ids=leased.delivery_ids,
        conduct=leased.conduct,
        health=leased.health,
    )
    return vault.encrypt(encode(ticket))


def unready(failed: Exception) -> Response:
    """Give the answer to a try that could not even be handed out."""
    reason = f"could not be prepared: {type(failed).__name__}"
    return Response(status_code=None, error=reason, duration_ms=0)
