"""A campaign: an audience that members enter and leave, with what it promises them."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from stampbook.nouns.activity import CONDITIONS_MAX, Condition, Multiplier
from stampbook.values.amounts import Key, Line, Text
from stampbook.values.instants import Instant

DelayDays = Annotated[int, Meta(ge=0, le=3660)]


class Audience(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members by conditions on them alone; no condition is everybody."""

    match: Literal["all", "any"] = "all"
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=CONDITIONS_MAX)] = ()


class Promotion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a campaign gives.

    Shapes: `bonus_points` awards `points` of `activity` at entry; `multiplier` multiplies what is
    earned inside; `coupon` gives a coupon of the program at entry.
    """

    kind: Literal["no_action", "bonus_points", "multiplier", "coupon"] = "no_action"
    activity: Key | None = None
    points: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    multiplier: Multiplier | None = None
    coupon: Key | None = None


class Campaign(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign as the program defines it.

    Shapes: a member who meets `entry` enters after `entry_delay_days`, if they still meet it then.
    They leave after `exit_delay_days` once they meet `exit` (None: once they no longer meet
    `entry`), and at `ends_at`.
    """

    id: Key
    name: Line
    entry: Audience
    exit: Audience | None = None
    entry_delay_days: DelayDays = 0
    exit_delay_days: DelayDays = 0
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    """Exclusive."""
    again: bool = False
    """Whether a member who has left may enter once more."""
    promotion: Promotion = Promotion()
    is_active: bool = True
    description: Text = ""


class CampaignStep(Struct, frozen=True, kw_only=True):
    """A campaign in a fact, with ids of ours: of the entry or the exit, and of the promotion.

    Shapes: both have 24 hex digits; the promotion's is the same in every fact of the campaign.
    """

    id: str
    promotion_id: str
    campaign: Campaign


ZINRELO_STEPS = {"entered": "Campaign Entries", "exited": "Campaign Exits"}


def zinrelo_campaign_info(step: CampaignStep, name: Literal["entered", "exited"]) -> dict[str, Any]:
    """Spell a campaign as `campaign_info`; the delay is that of the step.

    Source: contract section 3.
    """
    campaign, promotion = step.campaign, step.campaign.promotion
    settings = {
        "no_action": None,
        "bonus_points": {"points": promotion.points, "activity_id": promotion.activity},
        "multiplier": {"multiplier": promotion.multiplier},
        "coupon": {"coupon": promotion.coupon},
    }
    delay = campaign.entry_delay_days if name == "entered" else campaign.exit_delay_days
    return {
        "event_name": ZINRELO_STEPS[name],
        "event_ID": step.id,
        "delay_in_days": delay,
        "campaign_name": campaign.name,
        "campaign_ID": campaign.id,
        "promotion_info": {
            "promotion_id": step.promotion_id,
            "promotion_type": promotion.kind,
            "configuration_settings": settings[promotion.kind],
        },
    }
