"""Tracing of deliveries: a span for each try, linked to the requests that made its facts.

A try has a trace of its own, because it may come days later and carry facts of many requests. Its
`traceparent` goes to the receiver as a header.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import structlog
from msgspec.structs import replace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from stampbook.core.delivery import Delivered
from stampbook.core.lease import Leased, Outcome, Turn
from stampbook.delivery.call import Request, Response
from stampbook.delivery.metrics import RESULTS
from stampbook.delivery.queue import Deal, Queue
from stampbook.delivery.worker import Sending, Sent
from stampbook.engine.tracing import TRACEPARENT, Tracing, link_of, traceparent_of
from stampbook.store.backend import Backend, StoreError
from stampbook.store.traces import traces_of
from stampbook.values.ids import ProgramId

LINKS_MAX = 20
"""Requests that one try is linked to; a batch may carry facts of more."""

log = structlog.get_logger()


class DeliveryTracing:
    """Tells of the tries of one worker."""

    def __init__(self, tracing: Tracing, backend: Backend) -> None:
        self._tracer: Tracer = tracing.tracer
        self._backend = backend
        self._spans: dict[str, Span] = {}  # by lease_id: of requests on their way
        self._contexts: dict[str, list[str]] = {}  # by lease_id: of what is in hand

    @property
    def is_holding(self) -> bool:
        """Tell whether anything is in hand."""
        return bool(self._spans or self._contexts)

    def learn(self, leased: Sequence[Leased]) -> None:
        """Look up what the facts of leases belong to; a store that fails holds up no try."""
        by_program: dict[ProgramId, list[Leased]] = {}
        for one in leased:
            by_program.setdefault(one.endpoint.program_id, []).append(one)
        try:
            with self._backend.read() as unit:
                for program_id, some in by_program.items():
                    causes = {fact.cause for one in some for fact in one.facts}
                    known = traces_of(unit, program_id, causes)
                    for one in some:
                        self._contexts[one.lease_id] = _contexts(one, known)
        except StoreError as error:
            log.warning("delivery.not_linked", error=str(error))

    def forget(self, lease_ids: Sequence[str]) -> None:
        """Let go of leases that are not in hand any more, sent or not."""
        for lease_id in lease_ids:
            self._contexts.pop(lease_id, None)
            abandoned = self._spans.pop(lease_id, None)
            if abandoned is not None:
                abandoned.set_status(StatusCode.ERROR, "abandoned")
                abandoned.end()

    def begin(self, sent: Sent, request: Request) -> Request:
        """Begin the span of a try, and give the request with the header that names it."""
        leased = sent.leased
        span = self._tracer.start_span(
            f"deliver {leased.dialect}",
            context=Context(),
            kind=SpanKind.CLIENT,
            links=[link_of(each) for each in self._contexts.get(leased.lease_id, ())],
            attributes={
                "http.request.method": "POST",
                "server.address": urlsplit(request.url).hostname or "",
                "stampbook.program": leased.endpoint.program_id,
                "stampbook.endpoint": leased.endpoint.endpoint_id,
                "stampbook.request_id": leased.request_id,
                "stampbook.sequence": leased.sequence,
                "stampbook.number": leased.number,
                "stampbook.facts": len(leased.facts),
            },
        )
        self._spans[leased.lease_id] = span
        return replace(request, headers=(*request.headers, (TRACEPARENT, traceparent_of(span))))

    def end(self, outcome: Outcome) -> None:
        """End the span of a try; one that could not even be prepared has none."""
        span = self._spans.pop(outcome.leased.lease_id, None)
        if span is None:
            return
        if outcome.status_code is not None:
            span.set_attribute("http.response.status_code", outcome.status_code)
        span.set_attribute("stampbook.verdict", RESULTS[type(outcome.verdict)])
        if not isinstance(outcome.verdict, Delivered):
            span.set_status(StatusCode.ERROR, outcome.error)
        span.end()

    def trace_of(self, outcome: Outcome) -> str | None:
        """Give the trace of a try whose span has not ended."""
        span = self._spans.get(outcome.leased.lease_id)
        return None if span is None else f"{span.get_span_context().trace_id:032x}"


class TracedSender:
    """A sender whose requests are traced."""

    def __init__(self, sender: Sending, tracing: DeliveryTracing) -> None:
        self._sender = sender
        self._tracing = tracing

    def start(self, ticket: Sent, request: Request) -> None:
        """Begin to send a request; its answer comes out of `wait`."""
        self._sender.start(ticket, self._tracing.begin(ticket, request))

    def wait(self, seconds: float) -> list[tuple[Sent, Response]]:
        """Give what has finished."""
        return self._sender.wait(seconds)

    def wake(self) -> None:
        """Let `wait` return at once."""
        self._sender.wake()

    def close(self) -> None:
        """Abandon what is in flight."""
        self._sender.close()


class TracedQueue:
    """A queue whose leases are linked to what made them."""

    def __init__(self, queue: Queue, tracing: DeliveryTracing) -> None:
        self._queue = queue
        self._tracing = tracing

    def turn(self, turn: Turn, deal: Deal) -> list[Leased]:
        """Settle tries, give leases back, and lease what is dealt."""
        leased = self._queue.turn(turn, deal)
        over = (*(one.leased for one in turn.outcomes), *turn.unsent)
        self._tracing.forget([one.lease_id for one in over])
        if leased:
            self._tracing.learn(leased)
        return leased


def _contexts(leased: Leased, known: Mapping[str, str]) -> list[str]:
    causes = dict.fromkeys(fact.cause for fact in leased.facts)
    return [known[cause] for cause in causes if cause in known][:LINKS_MAX]
