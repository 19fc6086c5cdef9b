"""Reviewing: a member says what they think of a product."""

from stampbook.nouns.member import Member
from stampbook.triggers.stage import Stage


def review(stage: Stage, member: Member) -> str:
    """Submit a review of a member, and give its id."""
    said = {
        "member_id": member.member_id,
        "product_id": stage.product_id,
        "rating": stage.number("rating", 5),
        "title": "From a trigger",
    }
    submitted = stage.call("POST", "/v1/reviews", said)
    stage.did(f"reviewed {said['product_id']}")
    review_id: str = submitted["review"]["id"]
    return review_id
