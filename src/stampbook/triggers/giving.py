"""Giving: a member gets a coupon by hand, one of the program's if one was chosen."""

from typing import Any

from stampbook.nouns.member import Member
from stampbook.triggers.stage import Stage, path


def give_coupon(stage: Stage, member: Member) -> str:
    """Give a member a coupon that lasts for ever, and give its code."""
    offer = stage.wish("offer_id", "")
    said: dict[str, Any] = {"offer_id": offer} if offer else {"name": "From a trigger", "value": 5}
    given = stage.call("POST", path("members", member.member_id, "coupons"), said)
    code: str = given["coupon"]["code"]
    stage.did(f"gave them the coupon {code}")
    return code
