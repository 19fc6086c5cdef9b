"""Campaigns over HTTP: listed with their members counted, and previewed before they begin."""

import pytest

from stampbook.clockwork.sweep import sweep
from stampbook.values.instants import from_ms
from tests.api.stage import CLOCK_MS, OTHER_PROGRAM, PROGRAM, TOML, Client, Stage

CAMPAIGN = """
[[campaigns]]
id = "club"
name = "Club"
entry = { conditions = [ { attribute = "member.tags", operator = "equals", value = "vip" } ] }
promotion = { kind = "multiplier", multiplier = 2 }
"""


@pytest.fixture
def client(stage: Stage) -> Client:
    return stage.client.with_key(
        stage.add_key("sand", "read", "write", "admin", program=OTHER_PROGRAM)
    )


def put(client: Client, version: int, text: str) -> None:
    body = {"toml": text, "expected_version": version}
    answer = client.call("PUT", f"/v1/programs/{OTHER_PROGRAM}/definition", body)
    assert answer.status == 200, answer


def settle(stage: Stage) -> None:
    sweep(stage.engine, OTHER_PROGRAM, from_ms(CLOCK_MS), cause="test")


def enrol(client: Client, *keys: str, tags: tuple[str, ...] = ("vip",)) -> None:
    for key in keys:
        client.post("/v1/members", {"member_id": key, "tags": list(tags)})


def test_campaigns_are_listed_with_how_many_are_inside(stage: Stage, client: Client) -> None:
    enrol(client, "ada", "bob")
    enrol(client, "cem", tags=())
    assert client.get("/v1/campaigns") == {"items": []}
    put(client, 1, TOML + CAMPAIGN)
    settle(stage)
    [listed] = client.get("/v1/campaigns")["items"]
    assert (listed["status"], listed["inside"], listed["left"]) == ("running", 2, 0)
    client.call("PATCH", "/v1/members/bob", {"tags": []})
    put(client, 2, TOML)
    [deleted] = client.get("/v1/campaigns")["items"]
    assert (deleted["status"], deleted["campaign"]["name"], deleted["left"]) == (
        "deleted", "Club", 1,
    )  # fmt: skip


def test_the_members_of_a_campaign_come_in_pages(stage: Stage, client: Client) -> None:
    put(client, 1, TOML + CAMPAIGN)
    enrol(client, "ada", "bob", "cem")
    first = client.get("/v1/campaigns/club/members?limit=2")
    rest = client.get(f"/v1/campaigns/club/members?cursor={first['next_cursor']}")
    found = [one["member_id"] for one in first["items"] + rest["items"]]
    assert found == ["ada", "bob", "cem"]
    assert rest["next_cursor"] is None
    assert client.get("/v1/campaigns/club/members?state=outside")["items"] == []
    assert client.call("GET", "/v1/campaigns/none/members").json["code"] == "campaign.not_found"
    elsewhere = stage.client.call("GET", "/v1/campaigns/club/members")
    assert elsewhere.status == 404, f"{PROGRAM} has no such campaign"


def test_an_audience_is_counted_before_it_is_used(client: Client) -> None:
    enrol(client, "ada", "bob")
    enrol(client, "cem", tags=("VIP ", "straße"))
    enrol(client, "dan", tags=())

    def count(operator: str, value: object) -> int:
        condition = {"attribute": "member.tags", "operator": operator, "value": value}
        body = {"audience": {"conditions": [condition]}}
        return client.post("/v1/campaigns/preview", body, 200)["members"]

    assert count("equals", "vip") == 3
    assert count("equals", "STRASSE") == 1
    assert count("contains_none", ["straße"]) == 3
    assert client.post("/v1/campaigns/preview", {"audience": {}}, 200)["members"] == 4


def test_an_audience_that_asks_of_orders_is_refused(client: Client) -> None:
    condition = {"attribute": "transaction.order_total", "operator": "at_least", "value": 1}
    answer = client.call("POST", "/v1/campaigns/preview", {"audience": {"conditions": [condition]}})
    assert (answer.status, answer.json["code"]) == (422, "audience.invalid")
    assert answer.json["field"] == "/audience/conditions/0/attribute"


def test_a_multiplier_is_told_by_the_explanation_of_an_order(client: Client) -> None:
    put(client, 1, TOML + CAMPAIGN)
    enrol(client, "ada")
    order = {"order_id": "o1", "member_id": "ada", "order_subtotal": 10}
    told = client.post("/v1/orders/explain", order, 200)
    assert told["points"] == 40
    assert told["explanation"]["campaigns"] == ["The campaign “Club” multiplies by 2."]
