import json
from contextlib import closing
from threading import Event, Thread

import pytest
from standardwebhooks import Webhook

from stampbook.core.delivery import RETRY_DELAYS_SECONDS, Conduct
from stampbook.delivery import worker as worker_module
from stampbook.store.backend import open_backend
from tests.delivery.sink import RETRY_AFTER_SECONDS, Mode, Received
from tests.delivery.stage import Stage


def test_a_fact_arrives_signed_and_is_settled(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    assert stage.drain()
    (received,) = stage.sink.received
    payload = Webhook(stage.secret).verify(received.body, received.headers)
    assert payload["type"] == "points.earned"
    ((status, attempts, request_id, delivered_at_ms, lease_id),) = stage.deliveries(
        endpoint, "status, attempts, request_id, delivered_at_ms, lease_id"
    )
    assert (status, attempts, lease_id) == ("delivered", 1, None)
    ((fact_id, code, excerpt),) = stage.deliveries(
        endpoint, "fact_id, status_code, response_excerpt"
    )
    assert received.headers["webhook-id"] == fact_id != request_id
    assert received.headers["stampbook-sequence"] == "1"
    assert delivered_at_ms == stage.clock()
    assert (code, excerpt) == (204, None)
    assert stage.attempts(endpoint, "id") == []


def test_a_retry_waits_for_the_schedule_and_sends_the_same_request_again(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "fail"
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    assert stage.drain()
    assert stage.statuses(endpoint) == ["pending"]
    stage.clock.now_ms += RETRY_DELAYS_SECONDS[0] * 1000 * 8 // 10 - 1
    assert stage.drain()
    assert len(stage.sink.received) == 1
    stage.sink.modes["/shop"] = "accept"
    stage.clock.now_ms += RETRY_DELAYS_SECONDS[0] * 1000
    assert stage.drain()
    first, second = stage.sink.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert stage.attempts(endpoint, "number, status_code, response_excerpt") == [(1, 500, "broken")]
    assert stage.deliveries(endpoint, "status, attempts, status_code") == [("delivered", 2, 204)]


def test_tries_run_out_and_stay_on_record(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "redirect"
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    for _ in range(10):
        assert stage.drain()
        stage.clock.now_ms += 30 * 3600 * 1000
    assert {received.path for received in stage.sink.received} == {"/shop"}
    assert stage.deliveries(endpoint, "status, attempts") == [("failed", 8)]
    assert [row[0] for row in stage.attempts(endpoint, "number")] == list(range(1, 9))
    assert stage.endpoint_status(endpoint) == "active"


def test_retry_after_is_heeded(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "busy"
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint)
    assert stage.drain()
    ((due_at_ms,),) = stage.deliveries(endpoint, "due_at_ms")
    assert due_at_ms == stage.clock() + RETRY_AFTER_SECONDS * 1000


def test_gone_suspends_the_endpoint_and_holds_what_waits(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "gone"
    endpoint, other = stage.endpoint("/shop"), stage.endpoint("/other")
    stage.deliver(endpoint)
    stage.deliver(other)
    assert stage.drain()
    stage.deliver(endpoint)
    assert stage.drain()
    assert stage.statuses(endpoint) == ["pending", "pending"]
    assert stage.health(endpoint).state == "suspended"
    assert len(stage.sink.at("/shop")) == 1
    told = [json.loads(received.body) for received in stage.sink.at("/other")]
    assert [body["type"] for body in told] == ["points.earned", "endpoint.suspended"]
    assert told[1]["data"]["endpoint"]["id"] == endpoint.endpoint_id
    assert told[1]["data"]["reason"] == "It answered 410."
    stage.sink.modes["/shop"] = "accept"
    stage.clock.now_ms += 60_000
    assert stage.drain()
    assert stage.statuses(endpoint) == ["delivered", "delivered"]
    assert stage.health(endpoint).state == "healthy"


def test_a_hung_endpoint_holds_nobody_up(stage: Stage) -> None:
    stage.sink.modes["/hung"] = "hang"
    hung = stage.endpoint("/hung")
    stage.deliver(hung, 100)
    healthy = [stage.endpoint(f"/healthy{number}") for number in range(10)]
    for endpoint in healthy:
        stage.deliver(endpoint, 10)
    worker = stage.worker()
    thread = Thread(target=worker.run, kwargs={"grace_seconds": 0.5})
    thread.start()
    arrived = stage.sink.wait_for(100 + 4)  # the hung one is given four at first
    worker.stop()
    thread.join(30)
    assert arrived
    assert not thread.is_alive()
    assert [len(stage.sink.at(f"/healthy{number}")) for number in range(10)] == [10] * 10
    assert len(stage.sink.at("/hung")) == 4
    assert all(set(stage.statuses(endpoint)) == {"delivered"} for endpoint in healthy)
    assert set(stage.deliveries(hung, "status, lease_id, attempts")) == {("pending", None, 0)}


def test_a_time_out_is_a_failed_try(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "hang"
    endpoint = stage.endpoint("/shop", conduct=Conduct(timeout_seconds=1))
    stage.deliver(endpoint)
    assert stage.drain()
    assert stage.attempts(endpoint, "status_code, error") == [(None, "timed out")]
    assert stage.statuses(endpoint) == ["pending"]


@pytest.mark.parametrize(("mode", "status"), [("cut", "delivered"), ("flood", "delivered")])
def test_the_status_line_is_the_receivers_word(sqlite_stage: Stage, mode: str, status: str) -> None:
    sqlite_stage.sink.modes["/shop"] = mode  # pyright: ignore[reportArgumentType]
    endpoint = sqlite_stage.endpoint("/shop")
    sqlite_stage.deliver(endpoint)
    assert sqlite_stage.drain()
    assert sqlite_stage.statuses(endpoint) == [status]
    ((excerpt,),) = sqlite_stage.deliveries(endpoint, "response_excerpt")
    assert 0 < len(str(excerpt)) <= 2048


def test_facts_of_one_cause_and_type_travel_together_in_order(stage: Stage) -> None:
    endpoint = stage.endpoint("/shop", dialect="zinrelo", batch_size=40)
    moderated = stage.deliver(endpoint, 100, cause="bulk-1")
    enrolled = stage.deliver(endpoint, 2, fact_type="member.enrolled", cause="bulk-1")
    alone = stage.deliver(endpoint, 1, cause="single")
    assert stage.drain()
    bodies = [json.loads(received.body) for received in stage.sink.received]
    sent = sorted([event["id"] for event in body["events"]] for body in bodies)
    assert sent == sorted([moderated[:40], moderated[40:80], moderated[80:], enrolled, alone])
    assert {body["total_count"] for body in bodies} == {40, 20, 2, 1}
    assert set(stage.statuses(endpoint)) == {"delivered"}


def test_a_retried_batch_keeps_its_facts_though_more_of_its_cause_have_come(stage: Stage) -> None:
    stage.sink.modes["/shop"] = "fail"
    endpoint = stage.endpoint("/shop", dialect="zinrelo", batch_size=3)
    stage.deliver(endpoint, 2)
    assert stage.drain()
    stage.deliver(endpoint, 2)
    stage.sink.modes["/shop"] = "accept"
    stage.clock.now_ms += 10_000
    assert stage.drain()
    first, *later = (json.loads(received.body) for received in stage.sink.received)
    assert sorted(body["total_count"] for body in later) == [2, 2]
    assert first in later


def test_what_cannot_be_rendered_fails_alone(stage: Stage) -> None:
    broken, healthy = stage.endpoint("/broken", dialect="klingon"), stage.endpoint("/shop")
    stage.deliver(broken)
    stage.deliver(healthy)
    assert stage.drain()
    assert stage.statuses(healthy) == ["delivered"]
    assert stage.attempts(broken, "status_code, error") == [
        (None, "could not be prepared: KeyError")
    ]
    assert stage.statuses(broken) == ["pending"]


def test_wake_and_stop_are_heard_from_other_threads(sqlite_stage: Stage) -> None:
    endpoint = sqlite_stage.endpoint("/shop")
    worker = sqlite_stage.worker()
    thread = Thread(target=worker.run)
    thread.start()
    for count in range(1, 6):
        sqlite_stage.deliver(endpoint)
        worker.wake()
        assert sqlite_stage.sink.wait_for(count)
    worker.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert sqlite_stage.statuses(endpoint) == ["delivered"] * 5


def test_a_worker_sends_what_it_has_while_somebody_else_writes(
    sqlite_stage: Stage, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "PATIENCE_SECONDS", 60.0)
    stage, is_locked = sqlite_stage, Event()
    endpoint = stage.endpoint("/shop")
    stage.deliver(endpoint, 12)  # as many as are leased at first, of which four are sent at once

    def accept(_: Received) -> Mode:
        assert is_locked.wait(30)
        return "accept"

    stage.sink.decide = accept
    worker = stage.worker()
    thread = Thread(target=worker.run)
    thread.start()
    assert stage.sink.wait_for(1)
    with closing(open_backend(sqlite_url)) as other, other.transaction():
        is_locked.set()
        assert stage.sink.wait_for(12)
        assert "delivered" not in stage.statuses(endpoint)
    worker.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert stage.statuses(endpoint) == ["delivered"] * 12


def test_many_deliveries_use_few_connections(sqlite_stage: Stage) -> None:
    endpoint = sqlite_stage.endpoint("/shop")
    sqlite_stage.deliver(endpoint, 300)
    assert sqlite_stage.drain()
    assert len(sqlite_stage.sink.received) == 300
    assert len({received.connection for received in sqlite_stage.sink.received}) <= 32
