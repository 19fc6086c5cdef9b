"""A reward: what points can be spent on, as the program defines it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from stampbook.values.amounts import Key, Line, Link, Text
from stampbook.values.instants import Instant
from stampbook.values.points import Points

SubType = Literal[
    "fixed_amount",
    "percentage",
    "free_shipping",
    "product",
    "gift_card",
    "flexible_amount",
    "custom",
]
EarningPeriod = Literal["lifetime", "current_month", "current_year", "last_365_days"]
Comparison = Literal["greater_than", "at_least", "less_than", "at_most"]

ZINRELO_SUB_TYPES: dict[SubType, str] = {
    "fixed_amount": "Fixed Amount Discount",
    "percentage": "Percentage Discount",
    "free_shipping": "Free Shipping",
    "product": "Product Redemption",
    "gift_card": "Gift Card",
    "flexible_amount": "Flexible Amount Discount",
    "custom": "Custom",
}
ZINRELO_PERIODS: dict[EarningPeriod, str] = {
    "lifetime": "Lifetime",
    "current_month": "Current Month",
    "current_year": "Current Year",
    "last_365_days": "Last 365 Days",
}
ZINRELO_COMPARISONS: dict[Comparison, str] = {
    "greater_than": "Greater Than",
    "at_least": "Greater Than Or Equal To",
    "less_than": "Less Than",
    "at_most": "Less Than Or Equal To",
}


class PointsEligibility(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open to members whose points earned in a period compare well with a bound."""

    period: EarningPeriod = "lifetime"
    operator: Comparison = "at_least"
    points: Points = 0


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often one member may redeem the reward in a period."""

    times: Annotated[int, Meta(ge=1, le=1_000_000)]
    per: Literal["day", "week", "month", "lifetime"] = "lifetime"


class Reward(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reward of the catalogue.

    Units: `points` is the price; of a flexible amount it is the least that may be spent, `step`
    the multiple, `points_max` the most, and `value` what one point is worth. `value` is otherwise
    an amount in the program's currency or a percentage.
    """

    id: Key
    name: Line
    sub_type: SubType
    points: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    value: Annotated[float, Meta(ge=0, le=1_000_000_000)] | None = None
    step: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    points_max: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    product_id: Key | None = None
    product_url: Link | None = None
    link: Link | None = None
    minimum_order_amount: Annotated[float, Meta(ge=0, le=1_000_000_000)] | None = None
    tiers: tuple[Key, ...] = ()
    """Tier based when set: the tiers that may redeem. Otherwise points based."""
    eligibility: PointsEligibility = PointsEligibility()
    stock: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    """How many may ever be redeemed; None is no bound."""
    coupon: Literal["generated", "pool", "none"] = "generated"
    """Where the code comes from; a pool is filled with the shop's own codes."""
    code_prefix: Annotated[str, Meta(max_length=16, pattern="^[A-Z0-9-]*$")] = ""
    coupon_days: Annotated[int, Meta(ge=1, le=3660)] | None = None
    limit: Limit | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    """Exclusive."""
    is_active: bool = True
    description: Text = ""
    metadata: dict[str, Any] = {}


class CatalogueReward(Struct, frozen=True, kw_only=True):
    """A reward in a fact: its definition, our own id of it, and when it was defined and changed.

    Shapes: `id` has 24 hex digits like every id of ours and is the same in every fact;
    `reward.id` is the merchant's own key.
    """

    id: str
    reward: Reward
    created_at: Instant
    modified_at: Instant


def zinrelo_reward(entry: CatalogueReward) -> dict[str, Any]:
    """Spell a reward as an item of `reward_info.rewards`.

    Shapes: which of the eligibility keys appear depends on the criteria, as in the two samples of
    the seed. Source: contract section 3.
    """
    reward = entry.reward
    words: dict[str, Any] = {
        "id": entry.id,
        "reward_id": reward.id,
        "reward_name": reward.name,
        "reward_type": "Coupon Based Rewards" if reward.coupon != "none" else "Custom Rewards",
        "reward_sub_type": ZINRELO_SUB_TYPES[reward.sub_type],
        "points_to_be_redeemed": reward.points,
        "implementation_type": "coupon_code" if reward.coupon != "none" else "custom",
        "is_active": reward.is_active,
        "show_on_guest_dashboard": False,
        "enduser_reward_short_description": reward.description,
        "enduser_reward_confirmation_html": "",
        "enduser_reward_post_confirmation_html": "",
        "reward_card_background_image_url": "",
        "created_date": entry.created_at,
        "last_modified_date": entry.modified_at,
        "metadata": reward.metadata,
    }
    if reward.tiers:
        words["redemption_eligibility_criteria"] = "Tier Based"
        words["eligible_tiers_list"] = list(reward.tiers)
    else:
        eligibility = reward.eligibility
        words["redemption_eligibility_criteria"] = "Points Based"
        words["earning_period_operator"] = ZINRELO_PERIODS[eligibility.period]
        words["points_earned_operator"] = ZINRELO_COMPARISONS[eligibility.operator]
        words["points_earned"] = eligibility.points
    if reward.sub_type == "product":
        words["product_id"] = reward.product_id
        words["product_url"] = reward.product_url
    elif reward.value is not None:
        words["reward_value"] = _digits(reward.value)
    return words


def zinrelo_reward_info(entries: Sequence[CatalogueReward]) -> dict[str, Any]:
    """Spell rewards as `reward_info`."""
    return {"count": len(entries), "rewards": [zinrelo_reward(entry) for entry in entries]}


def _digits(value: float) -> str:
    """Spell a number in full, without an exponent or digits that say nothing: 5, 2.5."""
    digits = format(Decimal(str(value)), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
