"""What really happens reads in Nector as the vendor's page says, and every id leads somewhere."""

from collections import defaultdict
from typing import Any

from stampbook.dialects import Letter
from stampbook.nouns.examples import EXAMPLE_NOW
from stampbook.values.json import encode
from stampbook.values.signatures import secret_of
from tests.api.nector_bodies import NECTOR, REQUEST, nector_bodies
from tests.api.stage import Client
from tests.api.test_lookup import live, uuids
from tests.api.test_referrals import BEN, begin, claim
from tests.contract import nector_reader

SECRET = secret_of(bytes(range(32)))


def read(client: Client) -> dict[str, list[dict[str, Any]]]:
    """Give every body by topic, each read strictly, with every id in it found."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for topic, body in nector_bodies(client):
        raw = encode(body)
        headers = NECTOR.sign(Letter(topic, raw), [SECRET], REQUEST, EXAMPLE_NOW)
        assert nector_reader.check(raw, headers, SECRET) == [], topic
        for uuid in uuids(body).values():
            assert client.call("GET", f"/v1/lookup/{uuid}").status == 200, (topic, uuid)
        found[topic].append(body)
    return found


def looked_up(client: Client, uuid: str) -> Any:
    return client.get(f"/v1/lookup/{uuid}")["record"]


def test_a_day_of_a_member_reads(client: Client) -> None:
    live(client)
    found = read(client)
    assert [one["status"] for one in found["wallettrasaction_update"]] == ["success"]
    assert [one["operation"] for one in found["walletreward_create"]] == [
        "cr", "cr", "dr", "dr", "dr",
    ]  # fmt: skip
    (order,) = found["order_create"]
    assert (order["reference_order_id"], order["fiat_amount"]) == ("1001", 300)


def test_a_guest_s_referral_reads_and_names_the_order(client: Client) -> None:
    claimed = claim(client, begin(client)).json
    order = {
        "order_id": "1",
        "member_id": "guest-1",
        "order_subtotal": 20,
        "email_address": BEN,
        "coupon_code": claimed["coupon"]["code"],
    }
    client.post("/v1/orders", order)
    found = read(client)
    (told_friend,) = found["refereenotify_create"]
    assert (told_friend["user_email"], told_friend["user_customer_id"]) == (BEN, "")
    assert looked_up(client, told_friend["coupon_id"])["code"] == claimed["coupon"]["code"]
    (told_referrer,) = found["referrernotify_create"]
    assert told_referrer["user_customer_id"] == "ada"
    assert told_referrer["wallettransaction_amount"] == 40
    assert looked_up(client, told_referrer["order_id"])["order_id"] == "1"
    assert looked_up(client, told_referrer["entity_id"])["status"] == "completed"


def test_a_lead_names_the_code_of_who_brought_it(client: Client) -> None:
    code = begin(client)
    client.post("/v1/members", {"member_id": "ben", "referral_code": code})
    client.call("PATCH", "/v1/members/ben", {"custom_attributes": {"accept_email": True}})
    found = read(client)
    codes = [lead["referred_by_referral_code"] for lead in found["lead_create"]]
    assert codes == ["", code]
    (update,) = found["lead_update"]
    assert (update["referred_by_referral_code"], update["accept_email"]) == (code, True)


def test_a_review_names_its_order(client: Client) -> None:
    live(client)
    review = {"member_id": "anna", "product_id": "beans", "rating": 5, "order_id": "1001"}
    client.post("/v1/reviews", review)
    (body,) = read(client)["review_create"]
    assert looked_up(client, body["order_id"])["order_id"] == "1001"
    assert looked_up(client, body["entity_id"])["rating"] == 5


def test_a_guest_s_review_names_no_lead(client: Client) -> None:
    review = {"name": "Kim", "email_address": "kim@guests.example", "product_id": "beans"}
    made = client.post("/v1/reviews", review | {"rating": 4})["review"]
    client.post(f"/v1/reviews/{made['id']}/approve", {}, status=200)
    found = read(client)
    bodies = [body for topic in ("review_create", "review_update") for body in found[topic]]
    assert [(body["lead_id"], body["user_name"]) for body in bodies] == [("", "Kim")] * 2
