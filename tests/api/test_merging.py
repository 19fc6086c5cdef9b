"""Merging over HTTP: the reply tells of both members, and every write names who took over."""

from tests.api.stage import Client

APPROVER = {"id": "u-17", "name": "Support"}


def fill(client: Client) -> None:
    for member, subtotal in (("ann", 40), ("ben", 25)):
        order = {"order_id": f"o-{member}", "member_id": member, "order_subtotal": subtotal}
        client.post("/v1/orders", order)


def test_a_merge_and_its_undoing(client: Client) -> None:
    fill(client)
    body = {"into": "ann", "approver": APPROVER}
    merged = client.post("/v1/members/ben/merge", body, status=200)
    assert merged["moved"] == {"points": 50, "awards": 0, "coupons": 0}
    assert merged["target"]["balances"]["available"] == 130
    ben = client.get("/v1/members/ben")
    assert (ben["status"], ben["merged_into"]) == ("merged", "ann")
    origins = [lot["origin"] for lot in client.get("/v1/members/ann/lots")["items"]]
    assert [origin and origin["member_id"] for origin in origins] == [None, "ben"]
    [told, *_] = client.get("/v1/transactions?member_id=ann")["items"]
    assert (told["kind"], told["points"], told["approver"]) == ("transfer", 50, APPROVER)
    [last] = [
        fact["data"]["changed"]
        for fact in client.get("/v1/members/ben/history")["items"]
        if fact["type"] == "member.updated"
    ]
    assert set(last) == {"balances", "merged_into", "status"}
    undone = client.post("/v1/members/ben/undo-merge", {}, status=200)
    assert (undone["moved"]["points"], undone["spent"]) == (50, 0)
    assert client.get("/v1/members/ben")["balances"]["available"] == 50
    again = client.call("POST", "/v1/members/ben/undo-merge", {})
    assert (again.status, again.json["code"]) == (409, "merge.not_done")


def test_every_write_about_a_merged_member_names_who_took_over(client: Client) -> None:
    fill(client)
    client.post("/v1/members/ben/merge", {"into": "ann"}, status=200)
    for method, path, body in (
        ("PATCH", "/v1/members/ben", {"first_name": "Ben"}),
        ("POST", "/v1/members", {"member_id": "ben"}),
        ("POST", "/v1/points/award", {"member_id": "ben", "activity_id": "review"}),
        ("POST", "/v1/points/deduct", {"member_id": "ben", "points": 1}),
        ("POST", "/v1/redemptions", {"member_id": "ben", "reward_id": "mug"}),
        ("POST", "/v1/orders", {"order_id": "o-9", "member_id": "ben", "order_subtotal": 1}),
        ("PATCH", "/v1/orders/o-ben", {"status": "shipped"}),
        ("POST", "/v1/orders/o-ben/return", {}),
        ("POST", "/v1/members/ben/merge", {"into": "ann"}),
    ):
        refused = client.call(method, path, body)
        assert (refused.status, refused.json["code"]) == (409, "member.merged"), path
        assert refused.json["facts"]["merged_into"] == "ann"
    alone = client.call("DELETE", "/v1/members/ann")
    assert (alone.status, alone.json["code"]) == (409, "member.has_merged")
    client.post("/v1/members/bulk-delete", {"member_ids": ["ann", "ben"]}, status=200)
