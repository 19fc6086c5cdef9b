import threading
import time

import pytest

from stampbook.core.secrets import Secret
from stampbook.facts import catalogue
from tests.api.stage import OTHER_PROGRAM, PROGRAM, Client, Stage

URL = "https://shop.example/hooks"


def test_a_secret_is_shown_once(stage: Stage) -> None:
    client = stage.client
    made = client.post("/v1/endpoints", {"url": URL, "event_types": ["points.earned"]})
    secret, endpoint = made["secret"], made["endpoint"]
    assert secret.startswith("whsec_")
    shown = client.call("GET", f"/v1/endpoints/{endpoint['id']}")
    listed = client.call("GET", "/v1/endpoints")
    assert shown.json == endpoint
    assert listed.json["items"] == [endpoint]
    assert secret.encode() not in shown.body + listed.body
    with stage.backend.read() as unit:
        [(sealed,)] = unit.rows("SELECT secrets FROM endpoint")
    assert secret not in sealed
    assert stage.vault.open(sealed) == (Secret(secret=secret),)


def test_an_endpoint_is_changed_and_removed(client: Client) -> None:
    path = f"/v1/endpoints/{client.post('/v1/endpoints', {'url': URL})['endpoint']['id']}"
    changed = client.call("PATCH", path, {"status": "disabled", "event_types": ["tier.upgraded"]})
    assert (changed.json["status"], changed.json["event_types"]) == ("disabled", ["tier.upgraded"])
    assert changed.json["url"] == URL
    assert client.call("DELETE", path).status == 200
    for method in ("GET", "DELETE"):
        assert client.call(method, path).json["code"] == "endpoint.not_found"


@pytest.mark.parametrize("step", ["change", "rotate"])
def test_a_change_waits_for_one_that_is_on_its_way(stage: Stage, step: str) -> None:
    body = {"url": URL, "dialect": "zinrelo"}
    path = f"/v1/endpoints/{stage.client.post('/v1/endpoints', body)['endpoint']['id']}"
    calls = {
        "change": lambda: stage.client.call("PATCH", path, {"description": "texts"}),
        "rotate": lambda: stage.client.call("POST", f"{path}/rotate-secret"),
    }
    statuses: list[int] = []
    later = threading.Thread(target=lambda: statuses.append(calls[step]().status))
    with stage.backend.transaction() as unit:
        unit.run("UPDATE endpoint SET status = 'disabled', batch_size = 7")
        later.start()
        time.sleep(0.3)
    later.join()
    assert statuses == [200]
    endpoint = stage.client.get(path)
    assert (endpoint["status"], endpoint["batch_size"]) == ("disabled", 7)


def test_an_endpoint_may_ask_for_fields_with_a_value(client: Client) -> None:
    body = {"url": URL, "dialect": "nector", "only_with": ["user_mobile"]}
    made = client.post("/v1/endpoints", body)["endpoint"]
    assert made["only_with"] == ["user_mobile"]
    path = f"/v1/endpoints/{made['id']}"
    assert client.call("PATCH", path, {"description": "texts"}).json["only_with"] == ["user_mobile"]
    assert client.call("PATCH", path, {"only_with": []}).json["only_with"] == []
    assert client.get(path)["only_with"] == []


@pytest.mark.parametrize(
    "url",
    ["", "shop.example", "ftp://shop.example", "https://", "https://a@shop.example/", "http://[::1",
     "https://shop.example/#a", "https://shop.example:99999/", "https://shop.example/ä", "https:///x"],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_refused(small_client: Client, url: str) -> None:
    answer = small_client.call("POST", "/v1/endpoints", {"url": url})
    assert (answer.status, answer.json["code"]) == (422, "endpoint.url_invalid")


def test_dialects_and_facts_are_those_that_exist(client: Client) -> None:
    answer = client.call("POST", "/v1/endpoints", {"url": URL, "dialect": "klingon"})
    assert (answer.status, answer.json["code"]) == (422, "dialect.unknown")
    body = {"url": URL, "dialect": "zinrelo", "event_types": ["tier.renewed"]}
    answer = client.call("POST", "/v1/endpoints", body)
    assert (answer.status, answer.json["code"]) == (422, "fact_type.unknown")
    types = {kind["name"]: kind for kind in client.get("/v1/fact-types")["items"]}
    assert types.keys() == catalogue().keys()
    assert types["points.earned"]["event_types"]["zinrelo"] == ["event_points_earned"]
    assert "zinrelo" not in types["tier.renewed"]["event_types"]


def test_a_failed_delivery_is_sent_again_whole(stage: Stage) -> None:
    client = stage.client
    made = client.post("/v1/endpoints", {"url": URL, "event_types": ["member.enrolled"]})
    endpoint_id = made["endpoint"]["id"]
    for name in ("m-1", "m-2"):
        client.post("/v1/members", {"member_id": name})
    page = client.get(f"/v1/endpoints/{endpoint_id}/deliveries")
    second, first = page["items"]
    assert [one["status"] for one in page["items"]] == ["pending", "pending"]
    waiting = client.call("POST", f"/v1/deliveries/{first['id']}/retry")
    assert (waiting.status, waiting.json["code"]) == (409, "delivery.not_failed")
    request = "f" * 24
    with stage.backend.transaction() as unit:  # what the worker writes when the tries run out
        unit.run("UPDATE delivery SET status = 'failed', attempts = 10, request_id = ?", (request,))
        unit.run(
            "INSERT INTO attempt (program_id, id, endpoint_id, request_id, number, started_at_ms,"
            " duration_ms, status_code, error, response_excerpt, facts)"
            " VALUES (?, ?, ?, ?, 10, 1, 2, 500, NULL, 'no', 2)",
            (PROGRAM, "e" * 24, endpoint_id, request),
        )
    read = client.get(f"/v1/deliveries/{first['id']}")
    assert (read["delivery"]["status"], read["attempts"][0]["status_code"]) == ("failed", 500)
    client.post(f"/v1/deliveries/{first['id']}/retry", status=200)
    again = client.get(f"/v1/deliveries/{second['id']}")["delivery"]
    assert (again["status"], again["attempts"], again["request_id"]) == ("pending", 0, request)


def test_another_programs_endpoints_are_not_there(stage: Stage) -> None:
    made = stage.client.post("/v1/endpoints", {"url": URL})
    key = stage.add_key("other", "read", "admin", program=OTHER_PROGRAM)
    other = stage.client.with_key(key)
    path = f"/v1/endpoints/{made['endpoint']['id']}"
    assert other.call("GET", path).status == 404
    assert other.call("DELETE", path).status == 404
    assert other.call("GET", f"{path}/deliveries").status == 404


def test_the_feed_goes_on_where_it_stopped(client: Client) -> None:
    for number in range(3):
        client.post("/v1/members", {"member_id": f"m-{number}"})
    first = client.get("/v1/facts?limit=2")
    assert (len(first["items"]), first["has_more"]) == (2, True)
    rest = client.get(f"/v1/facts?after={first['next']}")
    assert [fact["data"]["member"]["member_id"] for fact in rest["items"]] == ["m-2"]
    assert rest["has_more"] is False
    client.post("/v1/points/award", {"member_id": "m-0", "activity_id": "review"})
    later = client.get(f"/v1/facts?after={rest['next']}&type=points.earned")
    assert [fact["type"] for fact in later["items"]] == ["points.earned"]
    assert client.get(f"/v1/facts?after={rest['next']}&type=tier.upgraded")["items"] == []
    assert client.call("GET", "/v1/facts?type=nothing").json["code"] == "fact_type.unknown"
