"""One story: from the request of a caller to the receipt of a webhook, told by real spans."""

import asyncio
import random
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import cast

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from structlog.testing import capture_logs

from stampbook.api.app import create_app
from stampbook.api.desk import Parts
from stampbook.api.tracing import RequestTracing
from stampbook.bootstrap import ids
from stampbook.delivery.attempt_log import AttemptLog
from stampbook.delivery.call import Policy, Response
from stampbook.delivery.secrets import Vault, new_master_key, new_secret
from stampbook.delivery.sender import Sender
from stampbook.delivery.tracing import DeliveryTracing, TracedQueue, TracedSender
from stampbook.delivery.watch import Watch
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.engine.clock import real_ms
from stampbook.engine.tracing import Tracing
from stampbook.engine.writer import Engine
from stampbook.store.admin import create_program
from stampbook.store.backend import Backend, open_backend
from stampbook.store.deliveries import Deliveries
from stampbook.store.endpoints import Endpoint, add_endpoint
from stampbook.values.ids import EndpointId
from stampbook.values.instants import from_ms
from tests.api.stage import CLOCK_MS, PROGRAM, Client, add_test_key, definition
from tests.delivery.sink import Sink, running_sink

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE = 0x4BF92F3577B34DA6A3CE929D0E0E4736
ORDER = {"order_id": "o-1", "member_id": "ann", "order_subtotal": 10}
DRAIN_SECONDS = 60
SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Story:
    """The application, a receiver, and all that was told."""

    backend: Backend
    engine: Engine
    vault: Vault
    client: Client
    sink: Sink
    tracing: Tracing
    told: InMemorySpanExporter

    def subscribe(self, path: str, *facts: str, dialect: str = "native") -> None:
        now = from_ms(CLOCK_MS)
        endpoint = Endpoint(
            id=EndpointId(path.strip("/").rjust(24, "0")),
            url=self.sink.url(path),
            dialect=dialect,
            event_types=facts,
            secrets=self.vault.seal([new_secret(random.Random(3).randbytes)]),
            batch_size=100,
            status="active",
            created_at=now,
            updated_at=now,
            description="",
        )
        with self.backend.transaction() as unit:
            add_endpoint(unit, PROGRAM, endpoint, CLOCK_MS)

    def buy(self, headers: Mapping[str, str], order: str = "o-1") -> None:
        body = {**ORDER, "order_id": order}
        assert self.client.call("POST", "/v1/orders", body, headers=headers).status == 201

    def deliver(self) -> None:
        traced = DeliveryTracing(self.tracing, self.backend)
        policy = Policy(allow_private=True, certificates=None, user_agent="Stampbook")
        queue = Deliveries(self.backend, ids(), self.engine.programs)
        worker = Worker(
            queue=TracedQueue(queue, traced),
            sender=cast("Sender[Sent]", TracedSender(Sender[Sent](policy), traced)),
            vault=self.vault,
            world=World(now_ms=real_ms, fraction=random.Random(7).random),
            watch=Watch([AttemptLog(1, traced.trace_of).tell, traced.end]),
        )
        assert worker.drain(DRAIN_SECONDS)
        worker.close()
        assert not traced.is_holding

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.told.get_finished_spans() if span.name == name]


@contextmanager
def telling(url: str, provider: TracerProvider) -> Generator[Story]:
    told = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(told))
    tracing = Tracing(provider)
    backend = open_backend(url)
    engine = Engine(backend, watch=tracing.tell_batch)
    vault = Vault([new_master_key()])
    with backend.transaction() as unit:
        create_program(unit, PROGRAM, definition(), created_at_ms=CLOCK_MS)
    key = add_test_key(backend, "all", "read", "write", "admin")

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        yield

    parts = Parts(
        engine=engine,
        backend=backend,
        vault=vault,
        secret=random.Random(7).randbytes,
        new_id=ids(),
        send=lambda _: Response(status_code=None, error="not sent", duration_ms=0),
    )
    engine.start()
    try:
        with asyncio.Runner() as runner, running_sink() as sink:
            app = create_app(parts, lifespan, RequestTracing(tracing).begin)
            client = Client(app, runner, key)
            yield Story(backend, engine, vault, client, sink, tracing, told)
    finally:
        engine.stop()
        tracing.close()
        backend.close()


@pytest.fixture
def story(database_url: str) -> Generator[Story]:
    with telling(database_url, TracerProvider(sampler=ParentBased(ALWAYS_ON))) as opened:
        yield opened


def ids_of(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def parent_of(span: ReadableSpan) -> tuple[int, int]:
    assert span.parent is not None
    return span.parent.trace_id, span.parent.span_id


def test_one_order_is_one_story_from_the_request_to_the_receipt(story: Story) -> None:
    story.subscribe("/shop", "order.recorded")
    story.buy({"traceparent": CALLER})
    with capture_logs() as lines:
        story.deliver()
    story.engine.stop()  # a batch is told of after its callers were answered

    [request] = story.spans("POST record_order")
    assert parent_of(request) == (TRACE, 0x00F067AA0BA902B7)
    [batch] = story.spans("batch")
    assert parent_of(batch) == ids_of(request)
    for name in ("load", "decide", "save", "commit"):
        [step] = story.spans(name)
        assert parent_of(step) == ids_of(batch)
        assert step.start_time is not None
        assert step.end_time is not None
        assert step.start_time <= step.end_time

    [attempt] = story.spans("deliver native")
    assert attempt.parent is None
    [link] = attempt.links
    assert (link.context.trace_id, link.context.span_id) == ids_of(request)
    trace, span = ids_of(attempt)
    assert trace != TRACE
    [received] = story.sink.received
    sent, flags = received.headers["traceparent"].rsplit("-", 1)
    assert sent == f"00-{trace:032x}-{span:016x}"
    assert int(flags, 16) & SAMPLED
    [line] = [line for line in lines if line["event"] == "delivery.attempt"]
    assert line["trace_id"] == f"{trace:032x}"

    assert request.attributes is not None
    assert attempt.attributes is not None
    assert request.attributes["http.response.status_code"] == 201
    assert attempt.attributes["http.response.status_code"] == 204
    assert attempt.attributes["stampbook.verdict"] == "delivered"


def test_what_is_stored_of_a_fact_knows_nothing_of_it(story: Story) -> None:
    """The body is sent as it is stored, and must be the same whether anybody traces or not."""
    story.subscribe("/shop", "order.recorded")
    story.buy({"traceparent": CALLER})
    with story.backend.read() as unit:
        bodies = unit.rows("SELECT body FROM fact")
        [(cause, context)] = unit.rows("SELECT cause, context FROM trace")
        assert unit.rows("SELECT DISTINCT cause FROM fact") == [(cause,)]
    assert CALLER[3:35] in context
    assert CALLER[3:35] not in str(bodies)


def test_facts_of_several_requests_in_one_body_link_to_each(story: Story) -> None:
    story.subscribe("/many", "points.earned", dialect="zinrelo")
    with story.backend.transaction() as unit:
        unit.run("UPDATE endpoint SET batch_wait_ms = 1")
    story.buy({"traceparent": CALLER}, "o-1")
    story.buy({}, "o-2")
    while story.sink.received == []:
        story.deliver()
    requests = {ids_of(span) for span in story.spans("POST record_order")}
    [attempt] = story.spans("deliver zinrelo")
    linked = {(link.context.trace_id, link.context.span_id) for link in attempt.links}
    assert linked == requests
    assert len(linked) == 2


def test_a_try_that_failed_is_an_error_and_the_next_one_is_linked_too(story: Story) -> None:
    story.sink.modes["/shop"] = "fail"
    story.subscribe("/shop", "order.recorded")
    story.buy({"traceparent": CALLER})
    story.deliver()
    story.sink.modes["/shop"] = "accept"
    with story.backend.transaction() as unit:
        unit.run("UPDATE delivery SET due_at_ms = 0")
    story.deliver()
    failed, received = story.spans("deliver native")
    assert not failed.status.is_ok
    assert received.status.is_ok
    assert failed.links[0].context == received.links[0].context
    assert ids_of(failed)[0] != ids_of(received)[0]


def test_nothing_is_due_so_nothing_is_kept(story: Story) -> None:
    story.buy({"traceparent": CALLER})
    with story.backend.read() as unit:
        assert unit.rows("SELECT count(*) FROM trace") == [(0,)]


def test_a_story_that_is_not_sampled_is_not_told_and_the_receiver_knows(database_url: str) -> None:
    with telling(database_url, TracerProvider(sampler=ParentBased(ALWAYS_OFF))) as story:
        story.subscribe("/shop", "order.recorded")
        story.buy({})
        story.deliver()
        assert story.told.get_finished_spans() == ()
        [received] = story.sink.received
        _, flags = received.headers["traceparent"].rsplit("-", 1)
        assert not int(flags, 16) & SAMPLED


def test_what_is_linked_to_a_sampled_request_is_sampled_too(sqlite_url: str) -> None:
    with telling(sqlite_url, TracerProvider(sampler=ParentBased(ALWAYS_OFF))) as story:
        story.subscribe("/shop", "order.recorded")
        story.buy({"traceparent": CALLER})  # which the caller has sampled
        story.deliver()
        assert len(story.spans("POST record_order")) == len(story.spans("deliver native")) == 1


@pytest.mark.parametrize("sent", ["", "nonsense", "00-0-0-00", "ff-" + CALLER[3:]])
def test_a_context_that_cannot_be_read_begins_a_new_story(sqlite_url: str, sent: str) -> None:
    with telling(sqlite_url, TracerProvider(sampler=ParentBased(ALWAYS_ON))) as story:
        story.buy({"traceparent": sent})
        [request] = story.spans("POST record_order")
        assert request.parent is None


def test_requests_that_find_nothing_or_break_are_told(sqlite_url: str) -> None:
    with telling(sqlite_url, TracerProvider(sampler=ParentBased(ALWAYS_ON))) as story:
        story.client.call("GET", "/nowhere")
        [request] = story.spans("GET nowhere")
        assert request.attributes is not None
        assert request.attributes["http.response.status_code"] == 404
        assert request.status.is_unset
