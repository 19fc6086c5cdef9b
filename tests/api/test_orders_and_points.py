from tests.api.stage import Client

ORDER = {"order_id": "o-1", "member_id": "m-1", "order_subtotal": 12.5, "tags": ["coffee-week"]}


def test_an_order_is_explained_as_it_would_be_recorded(client: Client) -> None:
    explained = client.post("/v1/orders/explain", ORDER, status=200)
    assert (explained["would_be_recorded"], explained["points"]) == (True, 30)
    assert explained["explanation"]["rules"][0]["fired"]
    assert explained["sentences"]
    assert client.call("GET", "/v1/orders/o-1").status == 404
    assert client.call("GET", "/v1/members/m-1").status == 404
    recorded = client.post("/v1/orders", ORDER)
    assert recorded["transaction"]["points"] == explained["points"]
    assert client.get("/v1/orders/o-1")["award_id"] == recorded["transaction"]["id"]


def test_an_explained_order_says_that_it_would_be_refused(client: Client) -> None:
    client.post("/v1/orders", ORDER)
    explained = client.post("/v1/orders/explain", ORDER, status=200)
    assert (explained["would_be_recorded"], explained["points"]) == (False, 0)
    assert explained["refused"]["code"] == "order.already_recorded"


def test_an_order_that_earns_nothing_is_explained(client: Client) -> None:
    free = {"order_id": "o-2", "member_id": "m-1", "order_subtotal": 0}
    explained = client.post("/v1/orders/explain", free, status=200)
    assert (explained["would_be_recorded"], explained["points"]) == (True, 0)
    assert explained["refused"]["code"] == "points.nothing_earned"
    assert not explained["explanation"]["rules"][0]["fired"]


def test_an_award_is_explained_by_the_version_that_valued_it(client: Client) -> None:
    award = client.post("/v1/orders", ORDER)["transaction"]
    [program] = client.get("/v1/programs")["programs"]
    path = f"/v1/programs/{program['id']}/definition"
    toml = client.get(path)["toml"].replace("multiplier = 2", "multiplier = 9")
    body = {"toml": toml, "expected_version": 1}
    assert client.call("PUT", path, body).json["version"] == 2
    explained = client.get(f"/v1/transactions/{award['id']}/explanation")
    assert (explained["points"], explained["rule_version"]) == (30, 1)
    assert explained["explanation"]["points"] == 30


def test_pending_awards_are_approved_or_rejected_in_bulk(client: Client) -> None:
    client.post("/v1/members", {"member_id": "m-1"})
    survey = {"member_id": "m-1", "activity_id": "survey"}
    ids = [client.post("/v1/points/award", survey)["transaction"]["id"] for _ in range(3)]
    pending = client.get("/v1/transactions?status=pending&member_id=m-1")["items"]
    assert [one["id"] for one in pending] == ids[::-1]
    client.post("/v1/points/approve", {"transaction_ids": ids[:2]}, status=200)
    client.post("/v1/points/reject", {"transaction_ids": ids[2:]}, status=200)
    statuses = [client.get(f"/v1/transactions/{one}")["status"] for one in ids]
    assert statuses == ["approved", "approved", "rejected"]
    again = client.call("POST", "/v1/points/approve", {"transaction_ids": ids})
    assert (again.status, again.json["code"]) == (409, "transaction.not_pending")


def test_points_are_deducted_and_never_overdrawn(client: Client) -> None:
    client.post("/v1/members", {"member_id": "m-1"})
    client.post("/v1/points/award", {"member_id": "m-1", "activity_id": "review"})
    taken = client.post("/v1/points/deduct", {"member_id": "m-1", "points": 50})
    assert taken["transaction"]["points"] == 20
    assert taken["member"]["balances"]["available"] == 0


def test_a_redemption_is_held_approved_and_its_coupon_used(client: Client) -> None:
    client.post("/v1/orders", ORDER | {"order_subtotal": 50})
    held = client.post("/v1/redemptions", {"member_id": "m-1", "reward_id": "mug", "hold": True})
    path = f"/v1/redemptions/{held['transaction']['id']}"
    assert client.get("/v1/members/m-1")["balances"]["held"] == 50
    approved = client.call("POST", f"{path}/approve")
    assert approved.json["transaction"]["status"] == "redeemed"
    code = held["coupon"]["code"]
    assert client.get(f"/v1/coupons/{code}")["status"] == "issued"
    client.post(f"/v1/coupons/{code}/use", {"order_id": "o-9"}, status=200)
    [coupon] = client.get("/v1/members/m-1/coupons")["items"]
    assert (coupon["status"], coupon["used_by_order_id"]) == ("used", "o-9")
    again = client.call("POST", f"/v1/coupons/{code}/use")
    assert (again.status, again.json["code"]) == (409, "coupon.already_used")
    explained = client.call("GET", f"/v1/transactions/{held['transaction']['id']}/explanation")
    assert (explained.status, explained.json["code"]) == (422, "transaction.wrong_kind")


def test_a_pool_gives_its_codes_in_order_and_knows_each_once(client: Client) -> None:
    client.post("/v1/orders", ORDER | {"order_subtotal": 50})
    filled = client.post("/v1/rewards/beans/codes", {"codes": ["B-1", "B-2"]}, status=200)
    assert filled["pool"] == {"codes": 2, "free": 2}
    again = client.post("/v1/rewards/beans/codes", {"codes": ["B-2", "B-3"]}, status=200)
    assert again["filled"] == {"added": 1, "known": ["B-2"]}
    redeemed = client.post("/v1/redemptions", {"member_id": "m-1", "reward_id": "beans"})
    assert redeemed["coupon"]["code"] == "B-1"
    stock = client.get("/v1/rewards/beans")
    assert (stock["redeemed"], stock["pool"]) == (1, {"codes": 3, "free": 2})
    refused = client.call("POST", "/v1/rewards/mug/codes", {"codes": ["X"]})
    assert (refused.status, refused.json["code"]) == (409, "pool.not_wanted")


def test_the_catalogue_is_the_definition(client: Client) -> None:
    assert [one["id"] for one in client.get("/v1/activities")["items"]] == [
        "made_a_purchase",
        "review",
        "survey",
    ]
    assert client.get("/v1/activities/review")["computation"]["points"] == 20
    assert [one["reward"]["id"] for one in client.get("/v1/rewards")["items"]] == ["mug", "beans"]
    assert [level["id"] for level in client.get("/v1/tiers")["levels"]] == ["bean", "gold"]
    assert client.call("GET", "/v1/activities/none").json["code"] == "activity.not_found"
    assert client.call("GET", "/v1/rewards/none").json["code"] == "reward.not_found"
