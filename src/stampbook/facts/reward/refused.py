"""A request to redeem a reward or to use its coupon was refused, or its hold was turned down."""

from typing import Any

from stampbook.facts import FactData, FactType
from stampbook.nouns.examples import example_envelope


class RewardRefused(FactData, frozen=True, kw_only=True):
    """Sent for each refused request about a known member, and for a hold that was turned down.

    A refused request changed nothing; the points of a hold went back.

    Shapes: `code` is permanent (`noun.reason`); `detail` and `remedy` are sentences for a person;
    `facts` are the numbers and names that explain the refusal.
    """

    code: str
    detail: str
    remedy: str
    rule: str | None = None
    reward_id: str | None = None
    order_id: str | None = None
    facts: dict[str, Any]


FACT = FactType(
    data=RewardRefused,
    sent_when="A request to redeem a reward or to use its coupon is refused, or a hold ends in no.",
    zinrelo=None,  # the dialect has no word for it
    nector=None,  # the dialect has no word for it
    example=lambda: RewardRefused(
        code="reward.out_of_stock",
        detail="Nothing is left of the reward.",
        remedy="Raise its stock, or add codes to its pool.",
        reward_id="hand-grinder",
        facts={"stock": 12, "redeemed": 12},
        **example_envelope(),
    ),
)
