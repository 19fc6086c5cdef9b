"""Samples: an example of an event, sent to an endpoint to see what it answers."""

from threading import BoundedSemaphore

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.problem import (
    ENDPOINT_IS_LISTENER,
    ENDPOINT_NOT_FOUND,
    FACT_TYPE_UNKNOWN,
    SAMPLES_BUSY,
    ProblemError,
)
from stampbook.api.route import Run
from stampbook.api.writing import RETRY_AFTER
from stampbook.core.listening import is_listener
from stampbook.delivery.sample import sample_of, usual_type
from stampbook.store.businesses import business_of
from stampbook.store.endpoints import find_endpoint
from stampbook.store.subscriptions import spoken
from stampbook.values.amounts import Key
from stampbook.values.ids import EndpointId, FactId
from stampbook.values.instants import from_ms
from stampbook.values.urls import without_credentials

SENT_AT_ONCE_MAX = 2
"""By one process: each holds a thread for as long as its endpoint takes."""

_places = BoundedSemaphore(SENT_AT_ONCE_MAX)


class SendSample(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sample for an endpoint: nothing has happened, and the header `stampbook-test` says so.

    Shapes: it is sent at once, past everything that waits, also to an endpoint that is disabled. It
    is no delivery and has no number, and what it is answered changes nothing of the endpoint.
    """

    endpoint_id: EndpointId
    type: Key | None = None
    """A native name, such as `points.earned`; by default one that the endpoint is sent."""


class SampleWish(Struct, frozen=True, kw_only=True):
    """What is to be sent where, found to be possible."""

    endpoint_id: EndpointId
    type: str


class SampleSent(Struct, frozen=True, kw_only=True):
    """What was sent, and what came of it.

    Shapes: `headers` are those that describe and sign it. `status_code` is null when no answer
    came, and `error` says why; `excerpt` is the beginning of the answer's body.
    """

    type: str
    fact_id: FactId
    url: str
    headers: dict[str, str]
    body: str
    status_code: int | None
    error: str | None
    duration_ms: int
    excerpt: str

    @property
    def finished(self) -> bool:
        """Nothing is left to do."""
        return True


def choose_sample(desk: Desk, asked: SendSample) -> SampleWish:
    """Say which event is to be sent."""
    with desk.present() as present:
        endpoint = find_endpoint(present.unit, desk.program_id, asked.endpoint_id)
    if endpoint is None:
        raise ProblemError(ENDPOINT_NOT_FOUND)
    if is_listener(endpoint.url):
        raise ProblemError(ENDPOINT_IS_LISTENER)
    if asked.type is not None and asked.type not in spoken(endpoint.dialect):
        raise ProblemError(FACT_TYPE_UNKNOWN, field="/type")
    return SampleWish(endpoint_id=endpoint.id, type=asked.type or usual_type(endpoint))


def send_sample(desk: Desk, wish: SampleWish) -> SampleSent:
    """Send it, and give what came of it."""
    parts = desk.parts
    with desk.present() as present:
        endpoint = find_endpoint(present.unit, desk.program_id, wish.endpoint_id)
        business = business_of(desk.program_id, present.program.definition)
    if endpoint is None:
        raise ProblemError(ENDPOINT_NOT_FOUND)
    now = from_ms(parts.engine.clock.real_ms())
    sample = sample_of(
        desk.program_id,
        endpoint,
        wish.type,
        business,
        vault=parts.vault,
        new_id=parts.new_id,
        now=now,
    )
    if not _places.acquire(blocking=False):
        raise ProblemError(SAMPLES_BUSY, headers=(RETRY_AFTER,))
    try:
        response = parts.send(sample.request)
    finally:
        _places.release()
    return SampleSent(
        type=wish.type,
        fact_id=sample.fact.id,
        url=without_credentials(endpoint.url),
        headers=dict(sample.headers),
        body=sample.request.body.decode(),
        status_code=response.status_code,
        error=response.error,
        duration_ms=response.duration_ms,
        excerpt=response.excerpt,
    )


ROUTES = (
    Run(
        method="POST",
        path="/v1/endpoints/{endpoint_id}/test",
        summary="Send a sample to an endpoint",
        scope="admin",
        asks=SendSample,
        gives=SampleSent,
        refuses=(ENDPOINT_NOT_FOUND, ENDPOINT_IS_LISTENER, FACT_TYPE_UNKNOWN, SAMPLES_BUSY),
        prepares=choose_sample,
        prepared=SampleWish,
        runs=send_sample,
        example={"type": "points.earned"},
    ),
)
