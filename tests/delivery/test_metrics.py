"""Metrics: every try is counted once, by its dialect, its verdict and its status."""

import random
from collections.abc import Callable
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from stampbook.api.delivery_metrics import FRESH_SECONDS, BacklogCollector, WorkerCollector
from stampbook.api.metrics import generate_latest
from stampbook.core.delivery import RETRY_DELAYS_SECONDS, Conduct
from stampbook.core.lease import Outcome
from stampbook.delivery.call import Policy
from stampbook.delivery.credentials import ClientCredentials
from stampbook.delivery.metrics import Metrics
from stampbook.delivery.replaying import Replaying
from stampbook.delivery.sender import Sender
from stampbook.delivery.timed_queue import TimedQueue
from stampbook.delivery.watch import Watch
from stampbook.delivery.worker import Sent, Worker, World
from tests.delivery.past import past
from tests.delivery.sending import a_request, policy, post, sending
from tests.delivery.sink import Sink
from tests.delivery.stage import DRAIN_SECONDS, Stage

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
Watcher = Callable[[Outcome], None]


def watched(
    stage: Stage, *watchers: Watcher, metrics: Metrics | None = None, allow_private: bool = True
) -> Worker:
    """Give a worker that tells watchers of its tries."""
    policy = Policy(allow_private=allow_private, certificates=None, user_agent="Stampbook")
    return Worker(
        queue=TimedQueue(stage.queue(), metrics or Metrics()),
        sender=Sender[Sent](policy),
        vault=stage.vault,
        world=World(now_ms=stage.clock, fraction=random.Random(7).random),
        watch=Watch(watchers),
    )


def drained(worker: Worker) -> None:
    assert worker.drain(DRAIN_SECONDS)
    worker.close()


def samples(*collectors: WorkerCollector | BacklogCollector) -> Samples:
    """Give what Prometheus reads of a page."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    text = generate_latest(registry).decode()
    return {
        (sample.name.removeprefix("stampbook_delivery_"), tuple(sorted(sample.labels.items()))): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_tries_are_counted_by_what_became_of_them(stage: Stage) -> None:
    stage.sink.modes |= {"/fail": "fail", "/dead": "gone", "/close": "close"}
    only: dict[str, Any] = {"event_types": ("points.earned",)}  # and none about endpoints
    stage.deliver(stage.endpoint("/shop", **only), 3)
    stage.deliver(stage.endpoint("/many", dialect="zinrelo", **only), 5)
    stage.deliver(stage.endpoint("/fail", **only))
    stage.deliver(stage.endpoint("/close", **only))
    stage.deliver(stage.endpoint("/dead", conduct=Conduct(retry_delays_seconds=()), **only))
    metrics = Metrics()
    drained(watched(stage, metrics.count, metrics=metrics))
    found = samples(WorkerCollector(metrics))
    attempts = {
        tuple(dict(labels).values()): value
        for (name, labels), value in found.items()
        if name == "attempts_total"
    }
    assert attempts == {
        ("native", "delivered", "2xx"): 3,
        ("native", "retry", "5xx"): 1,
        ("native", "retry", "none"): 1,
        ("native", "failed", "4xx"): 1,
        ("zinrelo", "delivered", "2xx"): 1,
    }
    native, zinrelo = (("dialect", "native"),), (("dialect", "zinrelo"),)
    assert found["attempt_seconds_count", native] == 6
    assert found["receipt_seconds_count", native] == 3
    assert found["receipt_seconds_count", zinrelo] == 5  # each fact of a request
    assert found["lease_requests_sum", ()] == found["settle_requests_sum", ()] == 7
    assert found["turn_seconds_sum", ()] > 0


def test_the_wait_of_a_fact_is_from_its_record_to_its_receipt(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "fail"
    stage.deliver(stage.endpoint("/shop"))
    metrics = Metrics()
    drained(watched(stage, metrics.count))
    stage.sink.modes["/shop"] = "accept"
    stage.clock.now_ms += RETRY_DELAYS_SECONDS[0] * 2000
    drained(watched(stage, metrics.count))
    found = samples(WorkerCollector(metrics))
    assert found["receipt_seconds_sum", (("dialect", "native"),)] == RETRY_DELAYS_SECONDS[0] * 2


def test_where_nothing_may_be_sent_is_counted(sqlite_stage: Stage) -> None:
    sqlite_stage.deliver(sqlite_stage.endpoint("/shop"))
    metrics = Metrics()
    drained(watched(sqlite_stage, metrics.count, allow_private=False))
    found = samples(WorkerCollector(metrics))
    assert found["egress_refusals_total", ()] == 1
    assert sqlite_stage.sink.received == []


def test_fetches_of_tokens_are_counted(sink: Sink) -> None:
    good, bad = sink.url("/token"), sink.url("/refused")
    sink.answers["/token"] = b'HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{"access_token": "abc"}'
    sink.modes["/refused"] = "fail"
    with sending(policy(allow_private=True)) as sender:
        metrics = Metrics()
        metrics.tokens = lambda: sender.tokens
        for url in (good, good, bad):
            known = ClientCredentials(token_url=url, client_id="a", client_secret="b")
            post(sender, msgspec.structs.replace(a_request(sink.url("/")), oauth=known))
        found = samples(WorkerCollector(metrics))
    assert found["token_fetches_total", (("result", "fetched"),)] == 1  # kept for the second
    assert found["token_fetches_total", (("result", "failed"),)] == 1


def test_the_progress_of_replays_is_told(database_url: str) -> None:
    with past(database_url) as it:
        it.enrol("ann")
        it.visit("ann", 9)
        key = it.endpoint()
        replay, backend = it.begun(key), it.shop.backend
        metrics = Metrics()
        runner = Replaying(backend, it.means, on_queued=metrics.count_replayed)

        def told() -> Samples:
            backlog = BacklogCollector(backend, it.now_ms, endpoints_max=1)
            return samples(WorkerCollector(metrics), backlog)

        kind = (("kind", "replay"),)
        assert runner.tick() == 1  # as many as may wait
        found = told()
        done = int(found["replayed_total", kind])
        assert 0 < done < 10
        assert (found["replays", kind], found["replay_left", kind]) == (1, 10 - done)
        it.finish(replay)
        found = told()
        assert (found["replays", kind], found["replay_left", kind]) == (0, 0)
        assert found["replays", (("kind", "backfill"),)] == 0


def test_what_waits_is_told_by_dialect_and_health(stage: Stage) -> None:
    stage.sink.modes["/gone"] = "gone"
    gone, well = stage.endpoint("/gone"), stage.endpoint("/shop")
    stage.endpoint("/off", dialect="zinrelo", status="disabled")
    stage.deliver(gone)
    assert stage.drain()
    assert stage.health(gone).state == "suspended"
    stage.deliver(gone, 2)
    stage.deliver(well, 3)
    stage.deliver(well, 1, wait_ms=60_000)
    stage.clock.now_ms += 7_000
    found = samples(BacklogCollector(stage.backend, stage.clock, endpoints_max=2))
    native = (("dialect", "native"), ("state", "healthy"))
    assert found["due", native] == 3
    assert found["late_seconds", native] == 7
    assert found["due", (("dialect", "native"), ("state", "suspended"))] >= 2
    assert found["endpoints", (("dialect", "zinrelo"), ("state", "disabled"))] == 1
    single = [dict(labels) for name, labels in found if name == "endpoint_state"]
    assert [one["state"] for one in single] == ["disabled", "suspended"]  # the worst of three
    assert single[1]["endpoint"] == gone.endpoint_id


def test_the_store_is_looked_at_once_for_many_who_ask(sqlite_stage: Stage) -> None:
    stage, elapsed = sqlite_stage, [0.0]
    endpoint = stage.endpoint("/shop")
    collector = BacklogCollector(
        stage.backend, stage.clock, endpoints_max=1, elapsed=lambda: elapsed[0]
    )
    due = "due", (("dialect", "native"), ("state", "healthy"))
    assert samples(collector)[due] == 0
    stage.deliver(endpoint)
    assert samples(collector)[due] == 0
    elapsed[0] += FRESH_SECONDS
    assert samples(collector)[due] == 1


def test_a_store_that_does_not_answer_takes_no_metrics_with_it(sqlite_stage: Stage) -> None:
    with sqlite_stage.backend.transaction() as unit:
        unit.run("ALTER TABLE lane RENAME TO gone")
    backlog = BacklogCollector(sqlite_stage.backend, sqlite_stage.clock, endpoints_max=1)
    found = samples(WorkerCollector(Metrics()), backlog)
    assert ("in_flight", ()) in found
    assert not any(name.startswith("endpoint") for name, _ in found)


def test_a_watcher_that_fails_stops_neither_delivery_nor_the_others(sqlite_stage: Stage) -> None:
    def fail(_: Outcome) -> None:
        raise RuntimeError("oops")

    endpoint = sqlite_stage.endpoint("/shop")
    sqlite_stage.deliver(endpoint, 2)
    metrics = Metrics()
    drained(watched(sqlite_stage, fail, metrics.count))
    assert sqlite_stage.statuses(endpoint) == ["delivered", "delivered"]
    assert sum(metrics.attempts.values()) == 2
