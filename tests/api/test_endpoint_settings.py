"""An owner sets how an endpoint is treated, and reads how it is."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.core.delivery import Conduct
from stampbook.core.health import Health
from stampbook.core.lease import EndpointKey
from stampbook.store.lanes import Lane, read_lane, save_lanes
from stampbook.values.ids import EndpointId
from tests.api.stage import PROGRAM, Client, Stage

URL = "https://shop.example/hooks"
DEFAULTS: dict[str, Any] = {
    "retry_delays_seconds": [5, 300, 1800, 7200, 18000, 36000, 36000],
    "when_stuck": "pass",
    "in_flight_max": 32,
    "rate_per_second": None,
    "timeout_seconds": 15,
}
WISHES: dict[str, Any] = {
    "retry_delays_seconds": [1, 2],
    "when_stuck": "wait",
    "in_flight_max": 1,
    "rate_per_second": 0.5,
    "timeout_seconds": 30,
}


def made(client: Client, **wishes: Any) -> Any:
    return client.post("/v1/endpoints", {"url": URL, **wishes})["endpoint"]


def changed(client: Client, endpoint_id: str, **wishes: Any) -> Any:
    answer = client.call("PATCH", f"/v1/endpoints/{endpoint_id}", wishes)
    assert answer.status == 200, answer
    return answer.json


def refusal(client: Client, endpoint_id: str, **wishes: Any) -> tuple[int, str, str]:
    answer = client.call("PATCH", f"/v1/endpoints/{endpoint_id}", wishes)
    return answer.status, answer.json["code"], answer.json["field"]


def test_settings_are_kept_and_shown(client: Client) -> None:
    plain = made(client)
    assert plain["conduct"] == DEFAULTS
    assert (plain["ordering"], plain["batch_wait_ms"], plain["access"]) == ("none", 0, None)
    wished = made(
        client, dialect="zinrelo", ordering="member", batch_wait_ms=60_000, conduct=WISHES
    )
    assert wished["conduct"] == WISHES
    assert (wished["ordering"], wished["batch_wait_ms"]) == ("member", 60_000)
    assert client.get(f"/v1/endpoints/{wished['id']}") == wished
    assert client.get("/v1/endpoints")["items"] == [plain, wished]


def test_a_change_of_conduct_leaves_what_it_does_not_speak_of(client: Client) -> None:
    endpoint_id = made(client, conduct=WISHES)["id"]
    assert changed(client, endpoint_id, conduct={"timeout_seconds": 3})["conduct"] == {
        **WISHES,
        "timeout_seconds": 3,
    }
    assert changed(client, endpoint_id, conduct={"rate_per_second": None})["conduct"] == {
        **WISHES,
        "timeout_seconds": 3,
        "rate_per_second": None,
    }
    assert changed(client, endpoint_id, ordering="endpoint")["ordering"] == "endpoint"
    assert changed(client, endpoint_id, conduct={})["ordering"] == "endpoint"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("retry_delays_seconds", [0]), ("retry_delays_seconds", [86_401]),
        ("retry_delays_seconds", [1] * 21), ("retry_delays_seconds", None), ("when_stuck", "drop"),
        ("in_flight_max", 0), ("in_flight_max", 65), ("rate_per_second", 0),
        ("rate_per_second", 10_001), ("timeout_seconds", 0), ("timeout_seconds", 31),
        ("timeout_seconds", 1.5), ("patience", 1),
    ],
)  # fmt: skip
def test_conduct_has_its_limits(small_client: Client, field: str, value: object) -> None:
    for method, path in (("POST", "/v1/endpoints"), ("PATCH", f"/v1/endpoints/{'a' * 24}")):
        body = {"url": URL, "conduct": {field: value}}
        answer = small_client.call(method, path, body)
        assert (answer.status, answer.json["code"]) == (400, "request.invalid")
        assert answer.json["field"].startswith("/conduct")


@pytest.mark.parametrize(
    "wishes",
    [
        {"ordering": "program"}, {"batch_wait_ms": 60_001}, {"batch_wait_ms": -1},
        {"batch_size": 0}, {"batch_size": 501},
    ],
)  # fmt: skip
def test_other_settings_have_theirs(small_client: Client, wishes: dict[str, object]) -> None:
    answer = small_client.call("POST", "/v1/endpoints", {"url": URL, **wishes})
    assert (answer.status, answer.json["code"]) == (400, "request.invalid")


@pytest.mark.parametrize(
    ("dialect", "usual", "most"),
    [("native", 1, 1), ("nector", 1, 1), ("zinrelo", 100, 100), ("cloudevents", 1, 100)],
)
def test_a_request_never_has_more_facts_than_its_dialect_sends_together(
    client: Client, dialect: str, usual: int, most: int
) -> None:
    assert made(client, dialect=dialect)["batch_size"] == usual
    asked = made(client, dialect=dialect, batch_size=500)
    assert asked["batch_size"] == most
    assert changed(client, asked["id"], batch_size=400)["batch_size"] == most
    assert changed(client, asked["id"], batch_size=1)["batch_size"] == 1


def test_who_gets_facts_one_by_one_does_not_wait_for_others(client: Client) -> None:
    for dialect in ("native", "nector", "cloudevents"):
        body = {"url": URL, "dialect": dialect, "batch_wait_ms": 1}
        answer = client.call("POST", "/v1/endpoints", body)
        assert (answer.status, answer.json["code"]) == (422, "endpoint.batching_unavailable")
        assert answer.json["field"] == "/batch_wait_ms"
    unavailable = (422, "endpoint.batching_unavailable", "/batch_wait_ms")
    endpoint_id = made(client, dialect="zinrelo", batch_wait_ms=10)["id"]
    assert refusal(client, endpoint_id, batch_size=1) == unavailable
    assert changed(client, endpoint_id, batch_size=1, batch_wait_ms=0)["batch_wait_ms"] == 0
    assert refusal(client, made(client)["id"], batch_wait_ms=10) == unavailable


def test_a_fact_is_ordered_as_its_endpoint_wants_when_it_happens(stage: Stage) -> None:
    endpoint_id = made(stage.client, event_types=["member.enrolled"])["id"]
    stage.client.post("/v1/members", {"member_id": "before"})
    changed(stage.client, endpoint_id, ordering="endpoint")
    stage.client.post("/v1/members", {"member_id": "after"})
    with stage.backend.read() as unit:
        keys = [row[0] for row in unit.rows("SELECT order_key FROM delivery ORDER BY position")]
    assert keys == [None, ""]


def set_lane(stage: Stage, endpoint_id: str, lane: Lane) -> None:
    key = EndpointKey(PROGRAM, EndpointId(endpoint_id))
    with stage.backend.transaction() as unit:
        save_lanes(unit, [(key, lane, Conduct())])


def lane_of(stage: Stage, endpoint_id: str) -> Lane:
    with stage.backend.read() as unit:
        return read_lane(unit, EndpointKey(PROGRAM, EndpointId(endpoint_id)))


def test_how_an_endpoint_is_can_be_read(stage: Stage) -> None:
    endpoint_id = made(stage.client)["id"]
    path = f"/v1/endpoints/{endpoint_id}"
    well = {"state": "healthy", "since": None, "failures": 0, "paused_until": None}
    assert stage.client.get(path)["health"] == well
    ill = Health(state="degraded", since_ms=1_000, failures=6, pause_until_ms=4_102_444_800_000)
    set_lane(stage, endpoint_id, Lane(health=ill))
    assert stage.client.get(path)["health"] == {
        "state": "degraded",
        "since": "1970-01-01T00:00:01Z",
        "failures": 6,
        "paused_until": "2100-01-01T00:00:00Z",
    }
    set_lane(stage, endpoint_id, Lane(health=replace(ill, pause_until_ms=2_000)))
    assert stage.client.get(path)["health"]["paused_until"] is None
    assert stage.client.get("/v1/endpoints")["items"] == [stage.client.get(path)]


def test_an_endpoint_that_was_given_up_begins_again_when_it_is_activated(stage: Stage) -> None:
    endpoint_id = made(stage.client)["id"]
    given_up = Lane(health=Health(state="disabled", since_ms=1_000), sequence=7, left_at_position=5)
    set_lane(stage, endpoint_id, given_up)
    changed(stage.client, endpoint_id, status="disabled")
    assert lane_of(stage, endpoint_id).health.state == "disabled"
    answer = changed(stage.client, endpoint_id, status="active")
    assert (answer["status"], answer["health"]["state"]) == ("active", "degraded")
    lane = lane_of(stage, endpoint_id)
    assert lane.sequence == 7
    assert lane.health.pause_until_ms == 0


def test_where_an_endpoint_was_left_is_remembered(stage: Stage) -> None:
    endpoint_id = made(stage.client)["id"]
    stage.client.post("/v1/members", {"member_id": "m"})
    changed(stage.client, endpoint_id, status="disabled")
    left_at = lane_of(stage, endpoint_id).left_at_position
    stage.client.post("/v1/members", {"member_id": "n"})
    changed(stage.client, endpoint_id, status="disabled", description="still")
    assert lane_of(stage, endpoint_id).left_at_position == left_at
    with stage.backend.read() as unit:
        [(before,), (after,)] = unit.rows("SELECT position FROM fact ORDER BY position")
    assert left_at is not None
    assert before <= left_at < after


def test_a_faster_pace_holds_at_once(stage: Stage) -> None:
    endpoint_id = made(stage.client, conduct={"rate_per_second": 0.01})["id"]
    now_us = 1_000_000_000_000
    key = EndpointKey(PROGRAM, EndpointId(endpoint_id))
    with stage.backend.transaction() as unit:
        save_lanes(unit, [(key, Lane(mark_us=now_us), Conduct(rate_per_second=0.01))])
    changed(stage.client, endpoint_id, conduct={"rate_per_second": None})
    with stage.backend.read() as unit:
        assert unit.rows("SELECT free_at_ms FROM lane") == [(0,)]


def test_access_is_shown_without_what_lets_in_and_is_replaced_as_a_whole(client: Client) -> None:
    access = {"headers": {"X-Shop": "hush"}, "basic": {"user": "shop", "password": "hush"}}
    answer = client.call("POST", "/v1/endpoints", {"url": URL, "access": access})
    endpoint = answer.json["endpoint"]
    assert endpoint["access"] == {
        "header_names": ["X-Shop"],
        "basic_user": "shop",
        "oauth": None,
        "client_certificate": None,
        "authorities": [],
    }
    assert b"hush" not in answer.body
    path = f"/v1/endpoints/{endpoint['id']}"
    assert client.call("PATCH", path, {"description": "texts"}).json["access"] == endpoint["access"]
    grant = {"token_url": "https://a.example/t", "client_id": "c", "client_secret": "hush"}
    other = client.call("PATCH", path, {"access": {"oauth": grant}})
    assert b"hush" not in other.body
    assert other.json["access"] == {
        **endpoint["access"],
        "header_names": [],
        "basic_user": None,
        "oauth": {
            "token_url": "https://a.example/t",
            "client_id": "c",
            "scope": "",
            "audience": "",
        },
    }
    assert client.call("PATCH", path, {"access": None}).json["access"] is None
    assert client.get(path)["access"] is None


def test_access_that_cannot_be_used_is_refused_without_being_shown(client: Client) -> None:
    access = {"headers": {"Host": "hush-hush"}}
    answer = client.call("POST", "/v1/endpoints", {"url": URL, "access": access})
    assert (answer.status, answer.json["code"]) == (422, "endpoint.access_invalid")
    assert answer.json["field"] == "/access/headers"
    assert b"hush" not in answer.body
    endpoint_id = made(client)["id"]
    assert refusal(client, endpoint_id, access=access)[:2] == (422, "endpoint.access_invalid")
    malformed = {"basic": {"user": "shop", "password": "hush\r\nhush"}}
    answer = client.call("PATCH", f"/v1/endpoints/{endpoint_id}", {"access": malformed})
    assert (answer.status, answer.json["field"]) == (400, "/access/basic/password")
    assert b"hush" not in answer.body


def test_access_does_not_follow_an_endpoint_to_another_place(client: Client) -> None:
    access = {"headers": {"X-Shop": "hush"}}
    endpoint_id = made(client, access=access)["id"]
    elsewhere = (409, "endpoint.access_elsewhere", "/url")
    for url in ("https://evil.example/", "http://shop.example/", "https://shop.example:8443/"):
        assert refusal(client, endpoint_id, url=url) == elsewhere
    assert changed(client, endpoint_id, url="https://shop.example/other")["access"] is not None
    moved = changed(client, endpoint_id, url="https://new.example/", access=access)
    assert moved["access"]["header_names"] == ["X-Shop"]
    assert changed(client, endpoint_id, url="https://x.example/", access=None)["access"] is None
    assert changed(client, endpoint_id, url="https://y.example/")["url"] == "https://y.example/"


def test_a_url_is_shown_without_its_password(stage: Stage) -> None:
    endpoint_id = made(stage.client)["id"]
    with stage.backend.transaction() as unit:  # as a broker's URL has one
        unit.run("UPDATE endpoint SET url = 'nats://shop:hush@broker.example/facts'")
    answer = stage.client.call("GET", f"/v1/endpoints/{endpoint_id}")
    assert answer.json["url"] == "nats://broker.example/facts"
