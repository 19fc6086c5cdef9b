"""Every UUID of a webhook leads to what it names, by the lookup and in place of an id."""

from typing import Any

import pytest

from stampbook.values.uuids import UUID, id_of, uuid_of
from tests.api.nector_bodies import nector_bodies
from tests.api.stage import OTHER_PROGRAM, PROGRAM, Client, Stage

KINDS = {
    "lead_create": "member",
    "order_create": "order",
    "order_update": "order",
    "walletreward_create": "transaction",
    "wallettrasaction_update": "transaction",
    "coupon_create": "coupon",
    "coupon_update": "coupon",
    "viptier_create": "fact",
}


def live(client: Client) -> None:
    """Let one of many things happen."""
    anna = {"member_id": "anna", "email_address": "anna@shop.example", "tags": ["x"]}
    client.post("/v1/members", anna)
    order = {"order_id": "1001", "member_id": "anna", "order_subtotal": 300}
    client.post("/v1/orders", order)
    client.call("PATCH", "/v1/orders/1001", {"delivery_status": "fulfilled"})
    award = {"member_id": "anna", "activity_id": "survey"}
    pending = client.post("/v1/points/award", award)["transaction"]["id"]
    client.post("/v1/points/approve", {"transaction_ids": [pending]}, status=200)
    redeemed = {"member_id": "anna", "reward_id": "mug"}
    coupon = client.post("/v1/redemptions", redeemed)["coupon"]
    held = client.post("/v1/redemptions", redeemed | {"hold": True})["transaction"]["id"]
    client.post(f"/v1/redemptions/{held}/approve", {}, status=200)
    client.post(f"/v1/coupons/{coupon['code']}/use", {}, status=200)
    client.post("/v1/points/deduct", {"member_id": "anna", "points": 10, "reason": "x"})


def uuids(body: dict[str, Any]) -> dict[str, str]:
    return {
        key: value
        for key, value in body.items()
        if key.endswith("_id") and isinstance(value, str) and UUID.fullmatch(value)
    }


def test_every_uuid_of_every_body_is_found(client: Client) -> None:
    live(client)
    seen: set[str] = set()
    for topic, body in nector_bodies(client):
        for key, uuid in uuids(body).items():
            found = client.get(f"/v1/lookup/{uuid}")
            assert (found["uuid"], found["id"]) == (uuid, id_of(uuid)), (topic, key)
            if key == "entity_id":
                assert found["kind"] == KINDS.get(topic, found["kind"]), topic
                seen.add(topic)
            if key == "lead_id":
                assert (found["kind"], found["record"]["member_id"]) == ("member", "anna")
            if key == "activity_id":
                assert found["kind"] == "activity"
            if key == "offer_id":
                assert (found["kind"], found["record"]["id"]) == ("reward", "mug")
            if found["path"] is not None:
                assert client.call("GET", found["path"]).status == 200
    assert seen == set(KINDS)


def test_the_uuid_stands_for_the_key_wherever_one_record_is_read(client: Client) -> None:
    live(client)
    ids = {topic: body["entity_id"] for topic, body in nector_bodies(client)}
    assert client.get(f"/v1/members/{ids['lead_create']}")["member_id"] == "anna"
    assert client.get(f"/v1/members/{ids['lead_create']}/lots")["items"]
    assert client.get(f"/v1/orders/{ids['order_create']}")["order_id"] == "1001"
    coupon = client.get(f"/v1/coupons/{ids['coupon_create']}")
    assert uuid_of(coupon["id"]) == ids["coupon_create"]
    award = client.get(f"/v1/transactions/{ids['wallettrasaction_update']}")
    assert award["activity_id"] == "survey"
    listed = client.get(f"/v1/transactions?member_id={ids['lead_create']}")["items"]
    assert {one["member_id"] for one in listed} == {"anna"}


def test_an_id_of_ours_is_found_like_its_uuid(client: Client) -> None:
    live(client)
    for _, body in nector_bodies(client):
        for uuid in uuids(body).values():
            assert client.get(f"/v1/lookup/{id_of(uuid)}") == client.get(f"/v1/lookup/{uuid}")


def test_the_id_of_a_delivery_leads_to_its_last_try(stage: Stage) -> None:
    columns = (
        "program_id", "id", "endpoint_id", "request_id", "number", "started_at_ms",
        "duration_ms", "status_code", "error", "response_excerpt", "facts",
    )  # fmt: skip
    request = "5" * 24
    tries = [
        (PROGRAM, f"{number:024x}", "e" * 24, request, number, 0, 3, status, None, "", 1)
        for number, status in ((1, 500), (2, 204))
    ]
    with stage.backend.transaction() as unit:
        unit.insert("attempt", columns, tries)
    found = stage.client.get(f"/v1/lookup/{uuid_of(request)}")
    assert (found["kind"], found["key"]) == ("request", request)
    assert (found["record"]["number"], found["record"]["status_code"]) == (2, 204)


FOREIGN = "5b0c9f3e-6d41-4a27-9e58-c1d27f60b8a4"
"""A UUID that somebody else made."""


@pytest.mark.parametrize("uuid", [FOREIGN, uuid_of("0" * 24), "0" * 24, "anna", "%25"])
def test_what_names_nothing_is_said_to_be_unknown(client: Client, uuid: str) -> None:
    live(client)
    answer = client.call("GET", f"/v1/lookup/{uuid}")
    assert (answer.status, answer.json["code"]) == (404, "id.unknown")


def test_another_program_finds_nothing_of_it(client: Client, other_key: str) -> None:
    live(client)
    _, body = next(nector_bodies(client))
    answer = client.with_key(other_key).call("GET", f"/v1/lookup/{body['entity_id']}")
    assert answer.status == 404


@pytest.fixture
def other_key(stage: Stage) -> str:
    return stage.add_key("other", "read", program=OTHER_PROGRAM)
