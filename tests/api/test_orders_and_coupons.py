"""Orders and their coupons over HTTP: given by hand, used by an order, and back when it is not."""

from typing import Any

import pytest

from tests.api.stage import PROGRAM, TOML, Client

SETTINGS = """
[[coupons]]
id = "next-time"
name = "5 off"
value = 5
minimum_order_amount = 20
days = 30
link = "https://shop.example/discount/{code}"

[orders]
earn_when = ["paid"]
restore_coupon = "cancelled"

[orders.rates]
USD = 0.5
"""
COUPONS = "/v1/members/m-1/coupons"


@pytest.fixture
def shop(client: Client) -> Client:
    """A program whose orders wait until they are paid, and a member."""
    body = {"toml": TOML + SETTINGS, "expected_version": 1}
    assert client.call("PUT", f"/v1/programs/{PROGRAM}/definition", body).status == 200
    client.post("/v1/members", {"member_id": "m-1"})
    return client


def order(**fields: Any) -> dict[str, Any]:
    return {"order_id": "o-1", "member_id": "m-1", "order_subtotal": "25.00", **fields}


def tell(client: Client, **fields: Any) -> Any:
    answer = client.call("PATCH", "/v1/orders/o-1", fields)
    assert answer.status == 200, answer
    return answer.json


def test_a_coupon_is_given_by_hand_and_read_by_its_code_and_by_its_id(shop: Client) -> None:
    given = shop.post(COUPONS, {"offer_id": "next-time"})["coupon"]
    assert (given["source"], given["status"], given["value"]) == ("manual", "issued", 5)
    assert given["link"] == f"https://shop.example/discount/{given['code']}"
    described = {"name": "Sorry", "value_class": "percent", "value": 10, "reference_id": "r-1"}
    other = shop.post(COUPONS, described)["coupon"]
    assert (other["value_class"], other["value"], other["target"]) == ("percent", 10, "cart")
    assert other["reference_id"] == "r-1"
    assert shop.get(f"/v1/coupons/{given['code']}") == given
    assert shop.get(f"{COUPONS}/{given['id']}") == given
    assert [one["id"] for one in shop.get(COUPONS)["items"]] == [other["id"], given["id"]]
    assert shop.call("GET", f"{COUPONS}/{'0' * 24}").json["code"] == "coupon.not_found"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"offer_id": "never"}, "coupon.offer_not_found"),
        ({"offer_id": "next-time", "value": 4}, "coupon.value_invalid"),
        ({"name": "Nothing"}, "coupon.value_invalid"),
        ({"name": "Too much", "value_class": "percent", "value": 101}, "coupon.value_invalid"),
        ({"value": 4}, "coupon.value_invalid"),
        ({}, "coupon.value_invalid"),
    ],
)
def test_a_coupon_that_is_worth_nothing_is_refused(
    small_client: Client, body: dict[str, Any], code: str
) -> None:
    toml = {"toml": TOML + SETTINGS, "expected_version": 1}
    assert small_client.call("PUT", f"/v1/programs/{PROGRAM}/definition", toml).status == 200
    small_client.post("/v1/members", {"member_id": "m-1"})
    assert small_client.call("POST", COUPONS, body).json["code"] == code
    assert small_client.get(COUPONS)["items"] == []


def test_an_order_waits_until_it_is_paid_and_is_undone_when_it_is_cancelled(shop: Client) -> None:
    code = shop.post(COUPONS, {"offer_id": "next-time"})["coupon"]["code"]
    recorded = shop.post("/v1/orders", order(coupon_code=code, source="web"))
    assert (recorded["transaction"], recorded["order"]["is_waiting"]) == (None, True)
    assert recorded["coupon"]["used_by_order_id"] == "o-1"
    paid = tell(shop, financial_status="paid")
    assert (paid["transaction"]["points"], paid["order"]["coins_rewarded"]) == (50, 50)
    assert tell(shop, financial_status="paid")["changed"] == []
    partly = tell(shop, refunded="5.00")
    assert partly["member"]["balances"]["available"] == 40
    cancelled = tell(shop, status="cancelled")
    assert cancelled["member"]["balances"]["available"] == 0
    assert shop.get(f"/v1/coupons/{code}")["status"] == "issued"
    refused = shop.call("POST", "/v1/orders/o-1/return", {})
    assert (refused.status, refused.json["code"]) == (409, "order.cancelled")
    [listed] = shop.get("/v1/members/m-1/orders")["items"]
    assert listed == shop.get("/v1/orders/o-1")
    assert (listed["source"], listed["refunded"], listed["coins_rewarded"]) == ("web", 5, 0)


def test_an_order_in_another_currency_is_explained_in_the_programs(shop: Client) -> None:
    sent = order(currency="USD", order_subtotal="30.00", financial_status="paid")
    explained = shop.post("/v1/orders/explain", sent, status=200)
    assert (explained["points"], explained["explanation"]["points"]) == (30, 30)
    award = shop.post("/v1/orders", sent)["transaction"]
    assert award["attributes"]["order_subtotal"] == "30.00"
    again = shop.get(f"/v1/transactions/{award['id']}/explanation")
    assert again["explanation"]["points"] == award["points"] == 30


def test_an_order_with_a_coupon_that_may_not_be_used_is_recorded(shop: Client) -> None:
    code = shop.post(COUPONS, {"offer_id": "next-time"})["coupon"]["code"]
    recorded = shop.post("/v1/orders", order(order_subtotal=19, coupon_code=code))
    assert recorded["coupon_refused"]["code"] == "coupon.minimum_not_met"
    asked = {"member_id": "m-1", "order_subtotal": 19}
    refused = shop.call("POST", f"/v1/coupons/{code}/use", asked)
    assert (refused.status, refused.json["code"]) == (409, "coupon.minimum_not_met")
    shop.post("/v1/members", {"member_id": "m-2"})
    refused = shop.call("POST", f"/v1/coupons/{code}/use", {"member_id": "m-2"})
    assert (refused.status, refused.json["code"]) == (409, "coupon.of_another")
    shop.post(f"/v1/coupons/{code}/use", {"order_id": "o-1"}, status=200)
    returned = shop.post(f"/v1/coupons/{code}/return", {}, status=200)["coupon"]
    assert returned["status"] == "issued"
    again = shop.call("POST", f"/v1/coupons/{code}/return", {})
    assert (again.status, again.json["code"]) == (409, "coupon.not_used")


def test_an_update_of_an_unknown_order_succeeds_later_under_the_same_key(shop: Client) -> None:
    paid = {"financial_status": "paid"}
    headers = {"idempotency-key": "paid-1"}
    early = shop.call("PATCH", "/v1/orders/o-1", paid, headers=headers)
    assert (early.status, early.json["code"]) == (404, "order.not_found")
    shop.post("/v1/orders", order())
    late = shop.call("PATCH", "/v1/orders/o-1", paid, headers=headers)
    assert late.json["transaction"]["points"] == 50


def test_a_read_order_knows_what_has_become_of_its_award(client: Client) -> None:
    toml = TOML.replace("multiplier = 2 }", 'multiplier = 2 }\napproval = { method = "manual" }')
    body = {"toml": toml, "expected_version": 1}
    assert client.call("PUT", f"/v1/programs/{PROGRAM}/definition", body).status == 200
    award = client.post("/v1/orders", order())["transaction"]
    waiting = client.get("/v1/orders/o-1")
    assert (waiting["coins_rewarded"], waiting["is_rewarded"]) == (50, False)
    client.post("/v1/points/approve", {"transaction_ids": [award["id"]]}, status=200)
    assert client.get("/v1/orders/o-1")["is_rewarded"]
