"""A program's definition: every rule of the engine that a loyalty manager may set.

Shapes: frozen and versioned; each award remembers the version that valued it.
Source: contract section 2; defaults are those of its brackets.
"""

from functools import cached_property
from typing import Annotated, Literal

from msgspec import Meta, Struct

from stampbook.core.growth import (
    CAMPAIGNS_MAX,
    COUPONS_MAX,
    CouponOffer,
    OneTimePasswords,
    Orders,
    Referrals,
    Reminders,
    Reviews,
    Winback,
)
from stampbook.nouns.activity import (
    Activity,
    Approval,
    Cap,
    Computation,
    Condition,
    Days,
    Expiry,
    Multiplier,
    Rule,
)
from stampbook.nouns.campaign import Campaign
from stampbook.nouns.reward import Limit, Reward
from stampbook.values.amounts import Key, Line, Link
from stampbook.values.money import to_minor

Percent = Annotated[int, Meta(ge=1, le=100)]

ACTIVITIES_MAX = 200
REWARDS_MAX = 500
LEVELS_MAX = 20


class PointsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How points live and die."""

    name: Line = "points"
    expiry: Expiry = Expiry()
    inactivity_days: Days | None = None
    """The whole balance expires after so many days without an activity."""
    clawback: Literal["only_available", "allow_debt", "refuse"] = "only_available"
    """What a deduction does when the balance does not cover it."""
    hold_minutes: Annotated[int, Meta(ge=1, le=100_000)] = 30
    within_reach_percent: Percent = 80


class Level(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tier. Units: `threshold` in points, or in the program's currency when spend counts."""

    id: Key
    name: Line
    threshold: Annotated[float, Meta(ge=0, le=1_000_000_000)]
    multiplier: Multiplier = 1
    """Multiplies what activities earn while the member has this tier."""
    benefits: tuple[Line, ...] = ()


class Period(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long points count towards a tier.

    Shapes: `cycle` needs `start_month` and `months`; `rolling` needs `days`; `anniversary` is
    twelve months from enrolment.
    """

    kind: Literal["lifetime", "cycle", "rolling", "anniversary"] = "lifetime"
    start_month: Annotated[int, Meta(ge=1, le=12)] = 1
    months: Annotated[int, Meta(ge=1, le=36)] = 12
    days: Annotated[int, Meta(ge=1, le=1100)] = 365


class Tiers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tiers, lowest first, and how members move between them. The lowest starts at 0."""

    basis: Literal["qualified_points", "spend"] = "qualified_points"
    period: Period = Period()
    downgrade_on_deduction: bool = True
    downgrade_to: Literal["earned", "one_step"] = "earned"
    levels: Annotated[tuple[Level, ...], Meta(max_length=LEVELS_MAX)] = ()


class Definition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One version of a program's rules."""

    name: Line
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"
    time_zone: Key = "UTC"
    auto_enrol: bool = True
    """An order of an unknown customer enrols them."""
    referral_link: Link = "https://shop.example/r/{code}"
    """`{code}` stands for the member's referral code."""
    website: Link = ""
    """The shop's own address."""
    points: PointsSettings = PointsSettings()
    tiers: Tiers = Tiers()
    activities: Annotated[tuple[Activity, ...], Meta(max_length=ACTIVITIES_MAX)] = ()
    rewards: Annotated[tuple[Reward, ...], Meta(max_length=REWARDS_MAX)] = ()
    coupons: Annotated[tuple[CouponOffer, ...], Meta(max_length=COUPONS_MAX)] = ()
    campaigns: Annotated[tuple[Campaign, ...], Meta(max_length=CAMPAIGNS_MAX)] = ()
    referrals: Referrals = Referrals()
    winback: Winback | None = None
    reminders: Reminders = Reminders()
    otp: OneTimePasswords = OneTimePasswords()
    reviews: Reviews = Reviews()
    orders: Orders = Orders()

    @cached_property
    def activity_by_id(self) -> dict[str, Activity]:
        """The activities by id."""
        return {activity.id: activity for activity in self.activities}

    @cached_property
    def celebrations(self) -> tuple[Activity, ...]:
        """The activities that a day of the member's calendar sets off."""
        days = {"birthday", "anniversary"}
        return tuple(one for one in self.activities if one.on in days and one.is_active)

    @cached_property
    def order_activity(self) -> Activity | None:
        """The activity that orders set off."""
        return next((one for one in self.activities if one.on == "order"), None)

    @cached_property
    def reward_by_id(self) -> dict[str, Reward]:
        """The rewards by id."""
        return {reward.id: reward for reward in self.rewards}

    @cached_property
    def coupon_by_id(self) -> dict[str, CouponOffer]:
        """The coupons by id."""
        return {coupon.id: coupon for coupon in self.coupons}

    @cached_property
    def campaign_by_id(self) -> dict[str, Campaign]:
        """The campaigns by id."""
        return {campaign.id: campaign for campaign in self.campaigns}

    @cached_property
    def scarce_rewards(self) -> tuple[str, ...]:
        """The rewards that can run out, by id: of a stock, or of the codes of their pool."""
        scarce = (one for one in self.rewards if one.stock is not None or one.coupon == "pool")
        return tuple(sorted(reward.id for reward in scarce))

    @cached_property
    def thresholds(self) -> tuple[int, ...]:
        """The tiers' thresholds, lowest first. Units: points, or minor units of spend."""
        if self.tiers.basis == "qualified_points":
            return tuple(int(level.threshold) for level in self.tiers.levels)
        return tuple(to_minor(level.threshold, self.currency) or 0 for level in self.tiers.levels)

    @cached_property
    def level_index(self) -> dict[str, int]:
        """The place of each tier by id, the lowest at 0."""
        return {level.id: index for index, level in enumerate(self.tiers.levels)}

    @cached_property
    def level_by_id(self) -> dict[str, Level]:
        """The tiers by id."""
        return {level.id: level for level in self.tiers.levels}


__all__ = [
    "Activity",
    "Approval",
    "Campaign",
    "Cap",
    "Computation",
    "Condition",
    "CouponOffer",
    "Definition",
    "Expiry",
    "Level",
    "Limit",
    "Period",
    "PointsSettings",
    "Reward",
    "Rule",
    "Tiers",
]
