"""A sample is sent as what has happened would be, and leaves no trace."""

from collections.abc import Generator
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

from stampbook.api.routes.samples import SENT_AT_ONCE_MAX, _places
from tests.api.stage import Client, Stage
from tests.contract import native_reader, nector_reader, zinrelo_reader
from tests.delivery.sink import Sink, running_sink

READERS = {
    "native": native_reader.check,
    "nector": nector_reader.check,
    "zinrelo": zinrelo_reader.check,
}


@pytest.fixture
def sink() -> Generator[Sink]:
    with running_sink() as running:
        yield running


def subscribe(client: Client, sink: Sink, **wishes: Any) -> tuple[str, str]:
    made = client.post("/v1/endpoints", {"url": sink.url("/hooks"), **wishes})
    return made["endpoint"]["id"], made["secret"]


def sample(client: Client, endpoint: str, **asked: Any) -> Any:
    return client.post(f"/v1/endpoints/{endpoint}/test", asked, 200)


@pytest.mark.parametrize("dialect", READERS)
def test_a_sample_is_one_of_its_dialect(client: Client, sink: Sink, dialect: str) -> None:
    endpoint, secret = subscribe(client, sink, dialect=dialect)
    sent = sample(client, endpoint)
    [received] = sink.received
    assert READERS[dialect](received.body, received.headers, secret) == []
    Webhook(secret).verify(received.body, received.headers)
    assert received.headers["stampbook-test"] == "true"
    assert "stampbook-sequence" not in received.headers
    assert sent["body"].encode() == received.body
    assert sent["headers"].items() <= received.headers.items()
    assert {"webhook-signature", "webhook-id", "stampbook-test"} <= sent["headers"].keys()
    assert (sent["type"], sent["status_code"], sent["error"]) == ("points.earned", 204, None)


def test_a_sample_leaves_no_trace(stage: Stage, sink: Sink) -> None:
    client = stage.client
    endpoint, _ = subscribe(client, sink)
    sink.modes["/hooks"] = "gone"
    sent = sample(client, endpoint, type="tier.upgraded")
    assert (sent["status_code"], sent["excerpt"]) == (410, "")
    assert client.get(f"/v1/endpoints/{endpoint}/deliveries")["items"] == []
    with stage.backend.read() as unit:
        for table in ("fact", "delivery", "attempt", "lane"):
            assert unit.rows(f"SELECT count(*) FROM {table}") == [(0,)], table


def test_the_type_is_one_that_the_endpoint_is_sent(small_client: Client, sink: Sink) -> None:
    endpoint, _ = subscribe(small_client, sink, event_types=["tier.upgraded", "member.enrolled"])
    assert sample(small_client, endpoint)["type"] == "member.enrolled"
    assert sample(small_client, endpoint, type="points.expired")["type"] == "points.expired"
    body = msgspec.json.decode(sink.received[1].body)
    assert (body["type"], body["data"]["cause"]) == ("points.expired", "test")


def test_what_came_of_it_is_told_in_words(small_client: Client, sink: Sink) -> None:
    endpoint, _ = subscribe(small_client, sink)
    sink.modes["/hooks"] = "fail"
    sent = sample(small_client, endpoint)
    assert (sent["status_code"], sent["excerpt"]) == (500, "broken")
    sink.modes["/hooks"] = "close"
    sent = sample(small_client, endpoint)
    assert (sent["status_code"], sent["error"]) == (None, "closed without an answer")


def test_a_disabled_endpoint_can_be_looked_at(small_client: Client, sink: Sink) -> None:
    endpoint, _ = subscribe(small_client, sink)
    small_client.call("PATCH", f"/v1/endpoints/{endpoint}", {"status": "disabled"})
    assert sample(small_client, endpoint)["status_code"] == 204


def test_a_sample_goes_only_where_webhooks_may_go(small_client: Client) -> None:
    """Here the rules are those of a sandbox, so only what no rule allows is left."""
    made = small_client.post("/v1/endpoints", {"url": "http://169.254.169.254/latest"})
    sent = sample(small_client, made["endpoint"]["id"])
    assert (sent["status_code"], sent["error"]) == (None, "the address is not allowed")


@pytest.mark.parametrize(
    ("wishes", "asked", "code"),
    [
        ({"url": "listen:"}, {}, "endpoint.is_listener"),
        ({}, {"type": "points.earnd"}, "fact_type.unknown"),
        ({"dialect": "zinrelo"}, {"type": "order.recorded"}, "fact_type.unknown"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    small_client: Client, sink: Sink, wishes: Any, asked: Any, code: str
) -> None:
    endpoint, _ = subscribe(small_client, sink, **wishes)
    answer = small_client.call("POST", f"/v1/endpoints/{endpoint}/test", asked)
    assert answer.json["code"] == code
    assert sink.received == []


def test_an_endpoint_of_another_program_is_not_found(small_client: Client) -> None:
    answer = small_client.call("POST", f"/v1/endpoints/{'0' * 24}/test", {})
    assert (answer.status, answer.json["code"]) == (404, "endpoint.not_found")


def test_only_a_few_are_sent_at_once(small_client: Client, sink: Sink) -> None:
    endpoint, _ = subscribe(small_client, sink)
    for _ in range(SENT_AT_ONCE_MAX):
        assert _places.acquire(blocking=False)
    try:
        answer = small_client.call("POST", f"/v1/endpoints/{endpoint}/test", {})
    finally:
        for _ in range(SENT_AT_ONCE_MAX):
            _places.release()
    assert (answer.status, answer.json["code"]) == (503, "samples.busy")
    assert answer.headers["retry-after"]
