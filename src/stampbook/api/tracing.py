"""Tracing of requests: a span for each, in the trace of whoever sent it."""

from opentelemetry.trace import Span, SpanKind, StatusCode

from stampbook.api.exchange import Scope
from stampbook.engine.tracing import Tracing, context_of, traceparent_of
from stampbook.values.ids import RequestId

HEADERS = frozenset({b"traceparent", b"tracestate"})
FAULTS = range(500, 600)


class RequestSpan:
    """One request. `context` is its `traceparent`; None when it is not sampled."""

    __slots__ = ("_method", "_span", "context")

    def __init__(self, span: Span, method: str) -> None:
        self._span = span
        self._method = method
        self.context = traceparent_of(span) if span.is_recording() else None

    def end(self, operation: str, status: int, request_id: RequestId) -> None:
        """Tell what it was and how it was answered."""
        span = self._span
        span.update_name(f"{self._method} {operation}")
        span.set_attributes(
            {
                "http.request.method": self._method,
                "http.response.status_code": status,
                "stampbook.operation": operation,
                "stampbook.request_id": request_id,
            }
        )
        if status in FAULTS:
            span.set_status(StatusCode.ERROR)
        span.end()


class RequestTracing:
    """Begins spans of requests."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracer = tracing.tracer

    def begin(self, scope: Scope) -> RequestSpan:
        """Begin the span of a request."""
        sent = {
            name.decode(): text.decode("latin-1")
            for name, text in scope["headers"]
            if name in HEADERS
        }
        method = scope["method"]
        span = self._tracer.start_span(method, context=context_of(sent), kind=SpanKind.SERVER)
        return RequestSpan(span, method)
