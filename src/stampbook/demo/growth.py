"""The scripted growth: friends, reviews, a club, one-time passwords and payments in two steps."""

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from stampbook.demo.client import Call, Client

SENT_SECONDS_MAX = 120
POLL_SECONDS = 0.1
AUTO_ENROL = re.compile(r"^auto_enrol = true$", re.MULTILINE)


class Scene(Struct, frozen=True):
    """What was done, and how often."""

    title: str
    times: int


def grow(client: Client, cast: Sequence[str]) -> Iterator[Scene]:
    """Play what makes a program grow; each scene is told when it is over."""
    yield from _refer(client, cast[0])
    yield from _enter_club(client, cast[1:3])
    yield from _prove(client, cast[3])
    yield from _review(client, cast[4])
    yield from _sell(client, cast[5])


def _refer(client: Client, referrer: str) -> Iterator[Scene]:
    share = f"/v1/members/{referrer}/referral/shares"
    friends = [f"friend-{number}@friends.example" for number in range(1, 5)]
    client.call("POST", share, {"channel": "email", "friend_emails": friends})
    client.call("POST", share, {"channel": "twitter"})
    yield Scene("Referral link shared: by e-mail, on a social channel", 2)
    code = client.call("GET", f"/v1/members/{referrer}")["referral_code"]
    client.call("POST", "/v1/members", {"member_id": "friend-4", "email_address": friends[3]})
    claims = [
        client.call("POST", "/v1/referrals/claims", {"referral_code": code, "email_address": each})
        for each in friends
    ]
    yield Scene("Friends claimed, one of them a member already", len(claims))
    own = client.call("GET", f"/v1/members/{referrer}")["email_address"]
    refused = {"referral_code": code, "email_address": own}
    client.all([Call("POST", "/v1/referrals/claims", refused, ("referral.own_link",))])
    yield Scene("Own link refused", 1)
    client.call("POST", "/v1/orders", _order("friend-1", "friend-order-1", friends[0]))
    client.call("POST", "/v1/orders", _order("friend-4", "friend-order-4", friends[3]))
    yield Scene("Referrals completed by friends who joined", 2)
    _set_auto_enrol(client, enrols=False)
    coupon = claims[1]["coupon"]["code"]
    guest = {**_order("guest-2", "guest-order-2", friends[1]), "coupon_code": coupon}
    client.call("POST", "/v1/orders", guest)
    _set_auto_enrol(client, enrols=True)
    yield Scene("Referral completed by a guest with the friend's coupon", 1)


def _order(member_id: str, order_id: str, email_address: str) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "member_id": member_id,
        "order_subtotal": "18.50",
        "email_address": email_address,
        "tags": ["web"],
    }


def _set_auto_enrol(client: Client, *, enrols: bool) -> None:
    """Put the program into force with the setting changed, as its manager would."""
    [program] = client.call("GET", "/v1/programs")["programs"]
    path = f"/v1/programs/{program['id']}/definition"
    text = client.call("GET", path)["toml"]
    changed = (
        text.replace("auto_enrol = false", "auto_enrol = true")
        if enrols
        else AUTO_ENROL.sub("auto_enrol = false", text)
    )
    client.call("PUT", path, {"toml": changed, "expected_version": program["version"]})


def _enter_club(client: Client, members: Sequence[str]) -> Iterator[Scene]:
    client.all(Call("PATCH", f"/v1/members/{each}", {"tags": ["jazz"]}) for each in members)
    yield Scene("Members tagged into a campaign", len(members))
    client.call("PATCH", f"/v1/members/{members[0]}", {"tags": []})
    yield Scene("Member untagged out of the campaign", 1)


def _prove(client: Client, member: str) -> Iterator[Scene]:
    path = f"/v1/members/{member}"
    client.call("POST", f"{path}/otp", {})
    wrong = client.call("POST", f"{path}/otp/verify", {"otp": "000000"})
    facts = client.call("GET", f"{path}/history?limit=10")["items"]
    told = next(one for one in facts if one["type"] == "member.otp_generated")
    _await(client, told["id"])
    right = client.call("POST", f"{path}/otp/verify", {"otp": told["data"]["otp"]})
    assert right["verified"], wrong
    yield Scene("One-time password asked for and verified", 1)


def _await(client: Client, fact: str) -> None:
    """Wait until a fact was sent, as a person waits for a message.

    A password that is used is blanked at once, also in what was not sent yet.
    """
    deadline = time.monotonic() + SENT_SECONDS_MAX
    for endpoint in client.call("GET", "/v1/endpoints")["items"]:
        path = f"/v1/endpoints/{endpoint['id']}/deliveries?limit=10"
        while time.monotonic() < deadline:
            newest = client.call("GET", path)["items"]
            statuses = {one["status"] for one in newest if one["fact_id"] == fact}
            if statuses <= {"delivered"}:
                break
            time.sleep(POLL_SECONDS)


def _review(client: Client, member: str) -> Iterator[Scene]:
    orders = client.call("GET", f"/v1/members/{member}/orders?limit=1")["items"]
    said = {
        "member_id": member,
        "product_id": "cd",
        "product_name": "Compact disc",
        "product_link": "https://music.example/p/cd",
        "product_source": "shop",
        "rating": 5,
        "title": "Played it twice",
        "description": "Warm sound, and the notes are worth reading.",
        "order_id": orders[0]["order_id"],
    }
    review = client.call("POST", "/v1/reviews", said)["review"]
    guest = {**said, "member_id": None, "name": "Kim", "email_address": "kim@guests.example"}
    other = client.call("POST", "/v1/reviews", guest)["review"]
    yield Scene("Reviews submitted, one of them by a guest", 2)
    client.call("POST", f"/v1/reviews/{review['id']}/approve", {})
    client.call("POST", f"/v1/reviews/{other['id']}/reject", {})
    client.call("POST", f"/v1/reviews/{review['id']}/feature", {})
    client.call("POST", f"/v1/reviews/{review['id']}/reply", {"reply": "Thank you!"})
    yield Scene("Review approved and rewarded, featured, answered; one rejected", 4)


def _sell(client: Client, member: str) -> Iterator[Scene]:
    order = {
        "order_id": "web-501",
        "member_id": member,
        "order_subtotal": "64.00",
        "order_total": "70.40",
        "name": "#501",
        "source": "shop",
        "cart_token": "c-7f31",
        "discount": "4.00",
        "tax": "6.40",
        "payment_source": "card",
        "payment_medium": "web",
        "utm_source": "newsletter",
        "utm_medium": "email",
        "utm_campaign": "june",
        "driven_by": "member",
        "status": "open",
        "financial_status": "pending",
    }
    client.call("POST", "/v1/orders", order)
    for said in (
        {"financial_status": "paid"},
        {"delivery_status": "delivered", "status": "fulfilled"},
        {"financial_status": "partially_refunded", "refunded": "20.00"},
    ):
        client.call("PATCH", "/v1/orders/web-501", said)
    yield Scene("Order paid, delivered, partly refunded", 3)
