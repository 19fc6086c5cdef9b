"""Tracing: spans of OpenTelemetry for what a request makes happen, if its SDK is there.

Only `bootstrap` imports this, and only where the environment asks for it; without it nothing is
imported and nothing is measured. The SDK reads its own variables: OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and the others.

A context travels as the text of a `traceparent`, so nothing between here and there knows more.
Source: https://www.w3.org/TR/trace-context/.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter, time_ns

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, TraceState, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from stampbook import __version__
from stampbook.engine.batch import BatchRun

TRACEPARENT = "traceparent"
NANOSECONDS = 1_000_000_000

_propagator = TraceContextTextMapPropagator()


class Tracing:
    """Where spans go.

    Shapes: what is linked to a sampled trace is sampled too, so that a story is told whole or not
    at all; all else as the provider's own sampler decides.
    """

    def __init__(self, provider: TracerProvider) -> None:
        provider.sampler = _LinkedSampler(provider.sampler)
        self._provider = provider
        self.tracer = provider.get_tracer("stampbook", __version__)

    @property
    def resource(self) -> Mapping[str, object]:
        """What is said of this process."""
        return self._provider.resource.attributes

    def tell_batch(self, run: BatchRun) -> None:
        """Tell of a batch that was stored, in the trace of each request that was in it."""
        offset_ns = time_ns() - round(perf_counter() * NANOSECONDS)
        spans = {
            name: tuple(round(at * NANOSECONDS) + offset_ns for at in phase)
            for name, phase in run.phases.items()
        }
        begin, end = spans["load"][0], spans["commit"][1]
        attributes = {
            "stampbook.commands": len(run.tickets),
            "stampbook.facts": run.facts,
            "stampbook.deliveries": run.deliveries,
        }
        for ticket in run.tickets:
            if ticket.submission.trace is None:
                continue
            parent = context_of({TRACEPARENT: ticket.submission.trace})
            batch = self.tracer.start_span(
                "batch", context=parent, attributes=attributes, start_time=begin
            )
            within = context_of({TRACEPARENT: traceparent_of(batch)})
            for name, (started, ended) in spans.items():
                self.tracer.start_span(name, context=within, start_time=started).end(ended)
            batch.end(end)

    def close(self) -> None:
        """Send what was told, and end."""
        self._provider.shutdown()


def open_tracing() -> Tracing:
    """Open tracing as the environment says."""
    ours = Resource({"service.name": "stampbook", "service.version": __version__})
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def traceparent_of(span: Span) -> str:
    """Spell a span's context as a `traceparent`."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def context_of(headers: dict[str, str]) -> Context:
    """Read the context of a caller; an empty one when there is none that can be read."""
    return _propagator.extract(headers, Context())


def link_of(traceparent: str) -> Link:
    """Give a link to a span that a `traceparent` names."""
    span: Span = get_current_span(context_of({TRACEPARENT: traceparent}))
    return Link(span.get_span_context())


class _LinkedSampler(Sampler):
    """Samples a span without a parent when something that it is linked to was sampled."""

    def __init__(self, otherwise: Sampler) -> None:
        self._otherwise = otherwise

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide on a span."""
        parent: SpanContext = get_current_span(parent_context).get_span_context()
        if not parent.is_valid and any(link.context.trace_flags.sampled for link in links or ()):
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, trace_state)
        return self._otherwise.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """Describe it."""
        return f"Linked{{{self._otherwise.get_description()}}}"
