"""What a listener is due is fetched and reported, and is otherwise as what is sent to others."""

import asyncio
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

from stampbook.api.exchange import Message
from stampbook.bootstrap import ids
from stampbook.clockwork.loop import Clockwork
from stampbook.core.lease import LEASE_MS, DueLane, EndpointKey, Turn
from stampbook.core.listening import SILENT_AFTER_MS
from stampbook.engine.clock import real_ms
from stampbook.store.deliveries import Deliveries
from tests.api.stage import OTHER_PROGRAM, Client, Stage, open_stage

MEMBER = {"member_id": "anna", "first_name": "Anna"}
WAIT = {"wait_seconds": 20}


@dataclass(slots=True)
class Hands:
    """A clock whose hands are moved forward."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return real_ms() + self.ahead_ms


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def stage(database_url: str, clock: Hands) -> Generator[Stage]:
    with open_stage(database_url, read_clock=clock) as opened:
        yield opened


def listen(client: Client, **wishes: Any) -> tuple[str, str]:
    """Make a listener; its id and its secret."""
    made = client.post("/v1/endpoints", {"url": "listen:", **wishes})
    return made["endpoint"]["id"], made["secret"]


def pull(client: Client, endpoint: str, **asked: Any) -> Any:
    return client.post(f"/v1/endpoints/{endpoint}/pull", asked, 200)


def settle(client: Client, endpoint: str, *tried: Any, untried: Any = ()) -> Any:
    body = {"tried": tried, "untried": untried}
    return client.post(f"/v1/endpoints/{endpoint}/settle", body, 200)


def received(item: Any, status: int = 204, **more: Any) -> dict[str, Any]:
    return {"token": item["token"], "status_code": status, "duration_ms": 12, **more}


def statuses(client: Client, endpoint: str) -> list[str]:
    page = client.get(f"/v1/endpoints/{endpoint}/deliveries")["items"]
    return [one["status"] for one in page]


def test_a_request_is_fetched_as_it_would_be_sent(client: Client) -> None:
    endpoint, secret = listen(client, event_types=["member.enrolled"])
    client.post("/v1/members", MEMBER)
    [item] = pull(client, endpoint)["items"]
    headers = dict(item["headers"])
    Webhook(secret).verify(item["body"], headers)
    assert headers["stampbook-sequence"] == "1"
    assert headers["content-type"] == "application/json"
    body = msgspec.json.decode(item["body"])
    assert (body["type"], body["data"]["member"]["member_id"]) == ("member.enrolled", "anna")
    assert item["events"] == [{"id": headers["webhook-id"], "type": "member.enrolled"}]
    assert (item["number"], item["sequence"], item["order_key"]) == (1, 1, None)
    assert statuses(client, endpoint) == ["leased"]
    assert pull(client, endpoint)["items"] == []

    assert settle(client, endpoint, received(item, excerpt="ta")) == {"tried": 1, "untried": 0}
    [line] = client.get(f"/v1/endpoints/{endpoint}/deliveries")["items"]
    assert line["status"] == "delivered"
    assert line["received"] == {"status_code": 204, "duration_ms": 12, "response_excerpt": "ta"}


def test_a_failure_is_tried_again_by_the_schedule(stage: Stage, clock: Hands) -> None:
    client = stage.client
    endpoint, _ = listen(client, event_types=["member.enrolled"])
    client.post("/v1/members", MEMBER)
    [item] = pull(client, endpoint)["items"]
    settle(client, endpoint, received(item, 500, excerpt="oops"))
    [line] = client.get(f"/v1/endpoints/{endpoint}/deliveries")["items"]
    assert (line["status"], line["attempts"]) == ("pending", 1)
    [attempt] = client.get(f"/v1/deliveries/{line['id']}")["attempts"]
    assert (attempt["status_code"], attempt["response_excerpt"]) == (500, "oops")
    assert pull(client, endpoint)["items"] == []
    clock.ahead_ms = 7_000
    [again] = pull(client, endpoint)["items"]
    assert (again["number"], again["request_id"]) == (2, item["request_id"])
    assert again["body"] == item["body"]
    settle(client, endpoint, {**received(again, 204), "status_code": None, "error": "timed out"})
    [line] = client.get(f"/v1/endpoints/{endpoint}/deliveries")["items"]
    newest, _ = client.get(f"/v1/deliveries/{line['id']}")["attempts"]
    assert (newest["number"], newest["error"]) == (2, "timed out")


def test_what_nobody_reports_is_due_again(stage: Stage, clock: Hands) -> None:
    client = stage.client
    endpoint, _ = listen(client, event_types=["member.enrolled"])
    client.post("/v1/members", MEMBER)
    [item] = pull(client, endpoint)["items"]
    clock.ahead_ms = LEASE_MS + 1
    [again] = pull(client, endpoint)["items"]
    assert (again["request_id"], again["sequence"], again["number"]) == (item["request_id"], 1, 1)
    settle(client, endpoint, received(item, 500))  # too late: somebody else has it
    assert statuses(client, endpoint) == ["leased"]
    settle(client, endpoint, received(again))
    assert statuses(client, endpoint) == ["delivered"]


def test_what_was_not_tried_is_due_at_once(client: Client) -> None:
    endpoint, _ = listen(client, event_types=["member.enrolled"])
    client.post("/v1/members", MEMBER)
    [item] = pull(client, endpoint)["items"]
    assert settle(client, endpoint, untried=[item["token"]]) == {"tried": 0, "untried": 1}
    [again] = pull(client, endpoint)["items"]
    assert (again["request_id"], again["number"]) == (item["request_id"], 1)


def test_a_report_that_is_sent_twice_counts_once(client: Client) -> None:
    endpoint, _ = listen(client, event_types=["member.enrolled"])
    client.post("/v1/members", MEMBER)
    [item] = pull(client, endpoint)["items"]
    said = {"tried": [received(item, 500), received(item, 500)]}
    path, key = f"/v1/endpoints/{endpoint}/settle", {"idempotency-key": "once"}
    answers = [client.call("POST", path, said, headers=key) for _ in range(2)]
    assert [one.status for one in answers] == [200, 200]
    assert answers[1].headers["idempotency-replayed"] == "true"
    [line] = client.get(f"/v1/endpoints/{endpoint}/deliveries")["items"]
    assert len(client.get(f"/v1/deliveries/{line['id']}")["attempts"]) == 1


def test_health_is_judged_by_reports(client: Client) -> None:
    told, _ = listen(client, event_types=["endpoint.suspended"])
    endpoint, _ = listen(client, event_types=["member.enrolled"])
    client.post("/v1/members", MEMBER)
    client.post("/v1/members", {"member_id": "ben"})
    first, _ = pull(client, endpoint)["items"]
    settle(client, endpoint, received(first, 410))
    stands = pull(client, endpoint)
    assert (stands["health"], stands["items"]) == ("suspended", [])
    assert stands["paused_until"] is not None
    [news] = pull(client, told)["items"]
    [event] = news["events"]
    assert event["type"] == "endpoint.suspended"
    assert msgspec.json.decode(news["body"])["data"]["endpoint"]["url"] == "listen:"


def test_facts_in_order_are_handed_in_order(stage: Stage) -> None:
    client = stage.client
    endpoint, _ = listen(client, event_types=["member.updated"])
    with stage.backend.transaction() as unit:
        unit.run("UPDATE endpoint SET ordering = 'member'")
    client.post("/v1/members", MEMBER)
    for name in ("Ann", "Anne"):
        answer = client.call("PATCH", "/v1/members/anna", {"first_name": name})
        assert answer.status == 200
    first, second = pull(client, endpoint)["items"]
    assert first["order_key"] == second["order_key"] is not None
    assert (first["sequence"], second["sequence"]) == (1, 2)
    settle(client, endpoint, received(first, 500), untried=[second["token"]])
    assert pull(client, endpoint)["items"] == []  # the second waits for the first


def test_a_wait_ends_when_something_happens(stage: Stage) -> None:
    client = stage.client
    endpoint, _ = listen(client, event_types=["member.enrolled"])

    async def play() -> tuple[Any, Any]:
        waiting = asyncio.ensure_future(client.ask("POST", pull_path(endpoint), WAIT))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        enrolled = await client.ask("POST", "/v1/members", MEMBER)
        return enrolled, await waiting

    enrolled, pulled = client.runner.run(play())
    assert (enrolled.status, pulled.status) == (201, 200)
    assert len(pulled.json["items"]) == 1


def test_a_wait_ends_when_its_time_is_over(small_client: Client) -> None:
    endpoint, _ = listen(small_client)
    started = time.monotonic()
    assert pull(small_client, endpoint, wait_seconds=1)["items"] == []
    assert time.monotonic() - started >= 1


def test_a_wait_ends_when_the_server_is_about_to_stop(small_client: Client) -> None:
    endpoint, _ = listen(small_client)

    async def play() -> Any:
        waiting = asyncio.ensure_future(small_client.ask("POST", pull_path(endpoint), WAIT))
        await asyncio.sleep(0.05)
        small_client.app.leave()
        return await waiting

    assert small_client.runner.run(play()).json["items"] == []


def test_nothing_is_leased_to_a_caller_who_has_hung_up(small_client: Client) -> None:
    endpoint, _ = listen(small_client, event_types=["member.enrolled"])
    hung_up = asyncio.Event()

    class Caller(Client):
        async def hang_up(self) -> Message:
            await hung_up.wait()
            return {"type": "http.disconnect"}

    caller = Caller(small_client.app, small_client.runner, small_client.key)

    async def play() -> Any:
        waiting = asyncio.ensure_future(caller.ask("POST", pull_path(endpoint), WAIT))
        await asyncio.sleep(0.05)
        hung_up.set()
        return await waiting

    assert small_client.runner.run(play()).json["code"] == "request.incomplete"
    small_client.post("/v1/members", MEMBER)
    assert statuses(small_client, endpoint) == ["pending"]


def test_the_worker_dials_no_listener(stage: Stage) -> None:
    listen(stage.client)
    other = stage.client.post("/v1/endpoints", {"url": "https://shop.example/"})["endpoint"]["id"]
    stage.client.post("/v1/members", MEMBER)
    seen: list[str] = []

    def deal(due: Sequence[DueLane]) -> Mapping[EndpointKey, int]:
        seen.extend(one.endpoint.endpoint_id for one in due)
        return {}

    now_ms = stage.engine.clock.real_ms()
    Deliveries(stage.backend, ids()).turn(Turn(now_ms=now_ms, until_ms=now_ms), deal)
    assert seen == [other]


@pytest.mark.parametrize("url", ["listen:", "listen:anna-s-laptop"])
def test_a_listener_has_a_name_for_people(small_client: Client, url: str) -> None:
    assert small_client.post("/v1/endpoints", {"url": url})["endpoint"]["url"] == url


@pytest.mark.parametrize("url", ["listen", "listen://x", "LISTEN:x", "listen:a b", "listen:%"])
def test_what_is_no_listener_is_refused(small_client: Client, url: str) -> None:
    answer = small_client.call("POST", "/v1/endpoints", {"url": url})
    assert answer.json["code"] == "endpoint.url_invalid"


def test_another_endpoint_is_not_fetched_from(small_client: Client) -> None:
    made = small_client.post("/v1/endpoints", {"url": "https://shop.example/"})
    for path, body in (("pull", {}), ("settle", {})):
        answer = small_client.call("POST", f"/v1/endpoints/{made['endpoint']['id']}/{path}", body)
        assert (answer.status, answer.json["code"]) == (409, "endpoint.not_listener")
        answer = small_client.call("POST", f"/v1/endpoints/{'0' * 24}/{path}", body)
        assert (answer.status, answer.json["code"]) == (404, "endpoint.not_found")


def test_a_token_is_good_for_its_endpoint_alone(small_stage: Stage) -> None:
    client = small_stage.client
    endpoint, _ = listen(client, event_types=["member.enrolled"])
    other, _ = listen(client, event_types=["member.deleted"])
    client.post("/v1/members", MEMBER)
    [item] = pull(client, endpoint)["items"]
    sealed = small_stage.vault.encrypt(b'["something", "else"]')
    elsewhere = client.with_key(
        small_stage.add_key("other", "read", "write", "admin", program=OTHER_PROGRAM)
    )
    theirs, _ = listen(elsewhere)
    for caller, target, token in (
        (client, other, item["token"]),
        (elsewhere, theirs, item["token"]),
        (client, endpoint, "forged"),
        (client, endpoint, sealed),
    ):
        said = {"tried": [{"token": token, "status_code": 204, "duration_ms": 1}]}
        answer = caller.call("POST", f"/v1/endpoints/{target}/settle", said)
        assert (answer.status, answer.json["code"]) == (422, "lease.token_unknown")
    assert statuses(client, endpoint) == ["leased"]


def test_a_disabled_listener_is_told_so_at_once(small_client: Client) -> None:
    endpoint, _ = listen(small_client)
    small_client.call("PATCH", f"/v1/endpoints/{endpoint}", {"status": "disabled"})
    pulled = pull(small_client, endpoint, wait_seconds=20)
    assert (pulled["status"], pulled["items"]) == ("disabled", [])


def test_a_listener_that_nobody_listens_to_is_given_up_after_a_day(
    stage: Stage, clock: Hands
) -> None:
    client = stage.client
    told, _ = listen(client, event_types=["endpoint.disabled"])
    heard, _ = listen(client, event_types=["member.enrolled"])
    silent, _ = listen(client, event_types=["member.enrolled"])
    dialled = client.post("/v1/endpoints", {"url": "https://shop.example/"})["endpoint"]["id"]
    clock.ahead_ms = SILENT_AFTER_MS // 2
    for endpoint in (told, heard):
        pull(client, endpoint)
    Clockwork(stage.engine).tick()
    assert state_of(client, silent) == "active"
    client.post("/v1/members", MEMBER)
    clock.ahead_ms = SILENT_AFTER_MS + 1
    Clockwork(stage.engine).tick()
    Clockwork(stage.engine).tick()
    assert state_of(client, silent) == "disabled"
    assert [state_of(client, one) for one in (told, heard, dialled)] == ["active"] * 3
    [news] = pull(client, told)["items"]
    data = msgspec.json.decode(news["body"])["data"]
    assert (data["endpoint"]["id"], data["reason"]) == (silent, "Nobody has listened for a day.")
    client.post("/v1/members", {"member_id": "ben"})
    assert statuses(client, silent) == ["pending"]  # what waited is held, and nothing comes to it


def test_a_listener_that_was_activated_has_a_day_too(stage: Stage, clock: Hands) -> None:
    client = stage.client
    endpoint, _ = listen(client)
    clock.ahead_ms = SILENT_AFTER_MS + 1
    Clockwork(stage.engine).tick()
    assert state_of(client, endpoint) == "disabled"
    client.call("PATCH", f"/v1/endpoints/{endpoint}", {"status": "active"})
    Clockwork(stage.engine).tick()
    assert state_of(client, endpoint) == "active"


def state_of(client: Client, endpoint: str) -> str:
    return client.get(f"/v1/endpoints/{endpoint}")["status"]


def pull_path(endpoint: str) -> str:
    return f"/v1/endpoints/{endpoint}/pull"
