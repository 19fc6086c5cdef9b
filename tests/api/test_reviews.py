"""Reviews: submitted, moderated, verified, featured, answered, and rewarded once."""

from typing import Any

import pytest

from tests.api.stage import TOML, Client

SETTINGS = TOML + '\n[reviews]\nactivity = "review"\n'
PRODUCTS = [{"product_id": "beans", "product_price": 8, "product_quantity": 2}]
REVIEW = {
    "member_id": "m-1",
    "product_id": "beans",
    "rating": 4,
    "title": "Good <b>beans</b>",
    "description": "<script>alert('no')</script> & tasty",
    "media": ["https://pictures.example/cup.jpg"],
}


def apply(client: Client, toml: str) -> None:
    [program] = client.get("/v1/programs")["programs"]
    body = {"toml": toml, "expected_version": 1}
    path = f"/v1/programs/{program['id']}/definition"
    assert client.call("PUT", path, body).status == 200


@pytest.fixture
def shop(client: Client) -> Client:
    apply(client, SETTINGS)
    order = {"member_id": "m-1", "order_subtotal": 16, "products": PRODUCTS}
    client.post("/v1/orders", {**order, "order_id": "o-1"})
    client.post("/v1/orders", {**order, "order_id": "o-2"})
    return client


def submit(client: Client, **fields: Any) -> dict[str, Any]:
    return client.post("/v1/reviews", {**REVIEW, **fields})["review"]


def act(client: Client, review: dict[str, Any], verb: str, **fields: Any) -> dict[str, Any]:
    return client.post(f"/v1/reviews/{review['id']}/{verb}", fields, status=200)["review"]


def available(client: Client) -> int:
    return client.get("/v1/members/m-1")["balances"]["available"]


def facts(client: Client, kind: str) -> list[dict[str, Any]]:
    items = client.get("/v1/facts?limit=200")["items"]
    return [one for one in items if one["type"] == kind]


def test_an_approved_review_is_rewarded_once_for_each_product_of_an_order(shop: Client) -> None:
    before = available(shop)
    waiting = submit(shop, order_id="o-1")
    assert (waiting["status"], waiting["is_verified"], available(shop)) == ("pending", True, before)
    approved = act(shop, waiting, "approve")
    assert (approved["is_rewarded"], approved["reward_points"]) == (True, 20)
    assert available(shop) == before + 20
    again = act(shop, submit(shop, order_id="o-1"), "approve")
    assert (again["is_rewarded"], again["reward_points"]) == (False, 0)
    assert act(shop, submit(shop, order_id="o-2"), "approve")["is_rewarded"]
    assert available(shop) == before + 40
    told = [one["data"]["changed"] for one in facts(shop, "review.updated")]
    assert told[0] == ["status", "is_rewarded", "reward_points", "award", "activity_id"]
    assert told[1] == ["status"]
    assert len(facts(shop, "review.submitted")) == 3


def test_a_review_is_moderated_once(shop: Client) -> None:
    review = submit(shop)
    assert act(shop, review, "reject")["status"] == "rejected"
    for verb in ("approve", "reject"):
        answer = shop.call("POST", f"/v1/reviews/{review['id']}/{verb}", {})
        assert (answer.status, answer.json["code"]) == (409, "review.not_pending")
    unknown = shop.call("POST", f"/v1/reviews/{'0' * 24}/approve", {})
    assert (unknown.status, unknown.json["code"]) == (404, "review.not_found")


def test_a_review_is_verified_by_a_purchase_that_was_kept(client: Client) -> None:
    apply(client, SETTINGS + "only_verified = true\n")
    order = {"order_id": "o-1", "member_id": "m-1", "order_subtotal": 16, "products": PRODUCTS}
    client.post("/v1/orders", order)
    client.post("/v1/orders", {**order, "order_id": "o-9", "member_id": "m-9"})
    review = act(client, submit(client), "approve")
    assert (review["is_verified"], review["is_rewarded"]) == (False, False)
    for wrong in ("o-9", "o-404"):
        answer = client.call("POST", f"/v1/reviews/{review['id']}/verify", {"order_id": wrong})
        assert (answer.status, answer.json["code"]) == (422, "review.not_purchased")
    verified = act(client, review, "verify", order_id="o-1")
    assert (verified["is_verified"], verified["is_rewarded"]) == (True, True)
    client.post("/v1/orders/o-1/return", {}, status=200)
    returned = submit(client, order_id="o-1")
    assert not returned["is_verified"]


def test_a_review_is_not_verified_by_a_purchase_that_was_cancelled(shop: Client) -> None:
    shop.call("PATCH", "/v1/orders/o-1", {"status": "cancelled"})
    review = submit(shop, order_id="o-1")
    assert not review["is_verified"]
    answer = shop.call("POST", f"/v1/reviews/{review['id']}/verify", {"order_id": "o-1"})
    assert (answer.status, answer.json["code"]) == (422, "review.not_purchased")


def test_a_verified_review_names_our_id_of_its_order(shop: Client) -> None:
    order_id = shop.get("/v1/orders/o-2")["id"]
    assert act(shop, submit(shop), "verify", order_id="o-2")["order"] == order_id
    moved = act(shop, submit(shop, order_id="o-1"), "verify", order_id="o-2")
    assert (moved["order_id"], moved["order"]) == ("o-2", order_id)


def test_orders_that_nobody_verified_are_not_rewarded_one_by_one(shop: Client) -> None:
    before = available(shop)
    for order_id in ("made-up-1", "made-up-2", None):
        act(shop, submit(shop, order_id=order_id), "approve")
    assert available(shop) == before + 20


def test_a_guest_reviews_and_earns_nothing(shop: Client) -> None:
    guest = submit(shop, member_id=None, name="Jo", email_address="jo@example.org")
    assert (guest["member_id"], guest["name"]) == (None, "Jo")
    approved = act(shop, guest, "approve")
    assert (approved["status"], approved["is_rewarded"]) == ("approved", False)
    told = facts(shop, "review.submitted") + facts(shop, "review.updated")
    assert [one["data"]["sequence"] for one in told] == [1, 2]
    assert {one["data"]["member"]["email_address"] for one in told} == {"jo@example.org"}
    assert {one["data"]["member"]["status"] for one in told} == {"guest"}


def test_guests_are_refused_where_the_program_says_so(client: Client) -> None:
    apply(client, SETTINGS + "guests = false\n")
    answer = client.call("POST", "/v1/reviews", {**REVIEW, "member_id": None})
    assert (answer.status, answer.json["code"]) == (422, "review.guests_refused")


def test_a_review_is_featured_answered_and_listed(shop: Client) -> None:
    review = submit(shop)
    assert act(shop, review, "feature")["is_featured"]
    assert not act(shop, review, "feature", is_featured=False)["is_featured"]
    assert act(shop, review, "reply", reply="Thanks <3")["reply"] == "Thanks <3"
    shown = shop.get(f"/v1/reviews/{review['id']}")
    assert shown["title_html"] == "Good &lt;b&gt;beans&lt;/b&gt;"
    assert "<script>" not in shown["description_html"]
    assert shown["reply_html"] == "Thanks &lt;3"
    other = submit(shop, product_id="mug")
    page = shop.get("/v1/reviews?limit=1")
    assert [one["review"]["id"] for one in page["items"]] == [other["id"]]
    rest = shop.get(f"/v1/reviews?limit=1&cursor={page['next_cursor']}")
    assert [one["review"]["id"] for one in rest["items"]] == [review["id"]]
    chosen = shop.get("/v1/reviews?product_id=beans&member_id=m-1&status=pending")["items"]
    assert [one["review"]["id"] for one in chosen] == [review["id"]]
    before = len(facts(shop, "review.updated"))
    act(shop, review, "reply", reply="Thanks <3")
    assert len(facts(shop, "review.updated")) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"rating": 0},
        {"rating": 6},
        {"title": "x" * 257},
        {"description": "x" * 4001},
        {"media": ["javascript:alert(1)"]},
        {"media": ["https://pictures.example/cup.jpg"] * 11},
    ],
)
def test_a_review_has_limits(shop: Client, wrong: dict[str, Any]) -> None:
    answer = shop.call("POST", "/v1/reviews", {**REVIEW, **wrong})
    assert answer.status == 422 or answer.json["code"].startswith("request.")
    assert not shop.get("/v1/reviews")["items"]
