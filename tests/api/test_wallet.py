"""The wallet lists each transaction of coins once, as its webhooks tell of it."""

from itertools import pairwise
from typing import Any

from tests.api.nector_bodies import nector_bodies
from tests.api.stage import Client
from tests.api.test_lookup import live

SAME = ("entity_id", "title", "type", "operation", "amount", "status")
TOTALS = ("closing_balance", "consolidated_cr", "consolidated_dr")


def lines(client: Client, limit: int = 200) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = client.get(f"/v1/members/anna/wallet?limit={limit}{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_a_line_is_what_the_last_webhook_about_it_said(client: Client) -> None:
    live(client)
    told = {body["hash"]: body for _, body in nector_bodies(client) if "hash" in body}
    listed = {line["hash"]: line for line in lines(client)}
    assert listed.keys() == told.keys()
    for key, line in listed.items():
        assert {name: line[name] for name in SAME} == {name: told[key][name] for name in SAME}
        if line["title"] != "Mug":  # a hold takes its points before it is approved
            assert [line[name] for name in TOTALS] == [told[key][name] for name in TOTALS]


def test_each_balance_follows_from_the_one_before(client: Client) -> None:
    live(client)
    award = {"member_id": "anna", "activity_id": "survey"}
    waiting, refused = (
        client.post("/v1/points/award", award)["transaction"]["id"] for _ in range(2)
    )
    client.post("/v1/points/reject", {"transaction_ids": [refused]}, status=200)
    reward = {"member_id": "anna", "reward_id": "mug"}
    held = client.post("/v1/redemptions", reward | {"hold": True})["transaction"]["id"]
    client.post(f"/v1/redemptions/{held}/reject", {}, status=200)
    code = client.post("/v1/redemptions", reward)["coupon"]["code"]
    client.post(f"/v1/coupons/{code}/cancel", {"refund": True}, status=200)
    oldest_first = lines(client)[::-1]
    nothing: dict[str, Any] = dict.fromkeys(TOTALS, 0)
    for before, after in pairwise([nothing, *oldest_first]):
        assert after["consolidated_cr"] - after["consolidated_dr"] == after["closing_balance"]
        moved = {"cr": 1, "dr": -1}[after["operation"]] * after["amount"]
        if after["status"] != "success" and after["operation"] == "cr":
            moved = 0  # what waits, or was rejected, was never there
        assert after["closing_balance"] == before["closing_balance"] + moved
    statuses = [line["status"] for line in oldest_first if line["title"] == "Survey"]
    assert statuses == ["success", "pending", "failed"]
    assert client.get(f"/v1/transactions/{waiting}")["status"] == "pending"
    member = client.get("/v1/members/anna")
    assert oldest_first[-1]["closing_balance"] == member["balances"]["available"]
    assert len({line["hash"] for line in oldest_first}) == len(oldest_first)


def test_points_that_a_merge_brought_are_counted_as_the_webhooks_count_them(
    client: Client,
) -> None:
    client.post("/v1/orders", {"order_id": "o-ben", "member_id": "ben", "order_subtotal": 25})
    live(client)
    client.post("/v1/members/ben/merge", {"into": "anna"}, status=200)
    client.post("/v1/points/award", {"member_id": "anna", "activity_id": "review"})
    newest = lines(client)[0]
    told = {body["hash"]: body for _, body in nector_bodies(client) if "hash" in body}
    assert [newest[name] for name in TOTALS] == [told[newest["hash"]][name] for name in TOTALS]


def test_pages_lose_nothing_and_repeat_nothing(client: Client) -> None:
    live(client)
    assert lines(client, limit=2) == lines(client)


def test_nobody_s_wallet_is_not_found(client: Client) -> None:
    answer = client.call("GET", "/v1/members/nobody/wallet")
    assert (answer.status, answer.json["code"]) == (404, "member.not_found")
