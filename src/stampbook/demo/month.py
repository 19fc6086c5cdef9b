"""The scripted month: what a loyalty manager, a shop and its members do besides buying."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from stampbook.demo.client import Call, Client
from stampbook.demo.growth import Scene, grow
from stampbook.demo.purchases import Purchase
from stampbook.demo.replay import move_clock

REVIEW = "review"
"""The activity of the sample program that a moderator approves."""

CAST = 14
MONTH = timedelta(days=31)
APPROVER = {"id": "m-1", "name": "Mona Moderator"}


def play(client: Client, now: datetime, purchases: list[Purchase]) -> Iterator[Scene]:
    """Play the month; each scene is told when it is over.

    Reminders of what was left alone, and what time makes of the rest, come with the days.
    """
    stock = client.call("GET", "/v1/rewards")["items"]
    rewards = sorted((each["reward"] for each in stock), key=lambda reward: reward["points"])
    cheapest = next(reward for reward in rewards if not reward["tiers"])
    cast = _cast(client, cheapest["points"])
    yield from _moderate(client, cast)
    yield from _redeem(client, cast, cheapest["id"])
    move_clock(client, now + timedelta(days=1))
    yield Scene("Hold timed out", 1)
    yield from _return(client, cast, purchases)
    yield from _override(client, cast)
    yield from _refuse(client, cast, rewards[-1]["id"])
    yield from grow(client, cast)
    yield from _leave(client, cast)
    move_clock(client, now + MONTH)
    yield Scene("Month passed", 1)


def _cast(client: Client, points: int) -> list[str]:
    """Give members who can afford the cheapest reward."""
    page = client.call("GET", f"/v1/members?min_available={points}&status=active&limit={CAST}")
    found = [member["member_id"] for member in page["items"]]
    assert len(found) == CAST, "the sample program made too few members rich enough"
    return found


def _moderate(client: Client, cast: list[str]) -> Iterator[Scene]:
    awards = client.all(Call("POST", "/v1/points/award", _review_of(member)) for member in cast[:6])
    ids = [award["transaction"]["id"] for award in awards]
    yield Scene("Reviews awaiting moderation", len(ids))
    again = Call("POST", "/v1/points/award", _review_of(cast[0]), ("activity.cap_reached",))
    client.all([again])
    yield Scene("Second review of a day refused", 1)
    approved = {"transaction_ids": ids[:3], "approver": APPROVER}
    client.call("POST", "/v1/points/approve", approved)
    yield Scene("Awards approved in bulk", 3)
    client.call("POST", "/v1/points/reject", {"transaction_ids": ids[3:5], "approver": APPROVER})
    yield Scene("Awards rejected in bulk", 2)


def _review_of(member: str) -> dict[str, Any]:
    return {
        "member_id": member,
        "activity_id": REVIEW,
        "transaction_attributes": {"reason": "album review", "tags": ["review"]},
    }


def _redeem(client: Client, cast: list[str], reward: str) -> Iterator[Scene]:
    def redeem(member: str, *, hold: bool) -> Any:
        body = {"member_id": member, "reward_id": reward, "hold": hold}
        return client.call("POST", "/v1/redemptions", body)

    used, cancelled = (redeem(member, hold=False)["coupon"]["code"] for member in cast[:2])
    yield Scene("Rewards redeemed", 2)
    client.call("POST", f"/v1/coupons/{used}/use", {"order_id": "shop-1"})
    client.call("POST", f"/v1/coupons/{cancelled}/cancel", {})
    yield Scene("Coupon used, coupon cancelled", 2)
    holds = [redeem(member, hold=True)["transaction"]["id"] for member in cast[2:5]]
    yield Scene("Rewards held", len(holds))
    client.call("POST", f"/v1/redemptions/{holds[0]}/approve", {"approver": APPROVER})
    client.call("POST", f"/v1/redemptions/{holds[1]}/reject", {"approver": APPROVER})
    yield Scene("Hold approved, hold rejected", 2)


def _return(client: Client, cast: list[str], purchases: list[Purchase]) -> Iterator[Scene]:
    newest = {f"customer-{purchase.customer}": purchase for purchase in purchases}
    whole, part, piece = (newest[member].order_id for member in cast[5:8])
    client.call("POST", f"/v1/orders/{whole}/return", {})
    client.call("POST", f"/v1/orders/{part}/return", {"returned_amount": "5.00"})
    product = {"product_id": "cd", "quantity": 1}
    client.call("POST", f"/v1/orders/{piece}/return", {"returned_products": [product]})
    yield Scene("Orders returned: whole, by amount, by product", 3)
    client.call(
        "POST",
        "/v1/points/deduct",
        {"member_id": cast[8], "points": 10, "reason": "goodwill taken back"},
    )
    yield Scene("Points deducted by hand", 1)
    status = {"status": "fulfilled", "delivery_status": "delivered"}
    client.call("PATCH", f"/v1/orders/{newest[cast[9]].order_id}", status)
    yield Scene("Order delivered", 1)


def _override(client: Client, cast: list[str]) -> Iterator[Scene]:
    tiers = [tier["id"] for tier in client.call("GET", "/v1/tiers")["levels"]]
    for tier in (tiers[-1], tiers[0]):
        client.call("PUT", f"/v1/members/{cast[9]}/tier", {"tier_id": tier})
    yield Scene("Tier set by hand: to the top and back", 2)
    profile = {"tags": ["vip", "newsletter"], "custom_attributes": {"favourite_genre": "jazz"}}
    client.call("PATCH", f"/v1/members/{cast[10]}", profile)
    yield Scene("Member updated", 1)


def _refuse(client: Client, cast: list[str], dearest: str) -> Iterator[Scene]:
    body = {"member_id": cast[10], "reward_id": dearest}
    tolerated = ("points.insufficient", "reward.not_eligible")
    client.all([Call("POST", "/v1/redemptions", body, tolerated)])
    yield Scene("Redemption beyond the balance refused", 1)


def _leave(client: Client, cast: list[str]) -> Iterator[Scene]:
    client.call("POST", "/v1/members/bulk-delete", {"member_ids": cast[11:]})
    yield Scene("Members deleted in bulk", len(cast[11:]))
