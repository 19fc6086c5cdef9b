"""A program's definition: every rule of the engine that a loyalty manager may set.

Shapes: frozen and versioned; each award remembers the version that valued it.
Source: contract section 2; defaults are those of its brackets.
"""

from functools import cached_property
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from stampbook.nouns.reward import Limit, Reward
from stampbook.values.amounts import Key, Line, Link, Text
from stampbook.values.calendars import PeriodUnit
from stampbook.values.money import to_minor
from stampbook.values.points import Points

Days = Annotated[int, Meta(ge=1, le=3660)]
Months = Annotated[int, Meta(ge=1, le=120)]
Percent = Annotated[int, Meta(ge=1, le=100)]
Multiplier = Annotated[float, Meta(gt=0, le=10_000)]

ACTIVITIES_MAX = 200
REWARDS_MAX = 500
RULES_MAX = 50
CONDITIONS_MAX = 50
LEVELS_MAX = 20


class Expiry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an award's points expire after approval; nothing set means never.

    Shapes: days and months add up; `end_of` then moves to the end of that period.
    """

    days: Days | None = None
    months: Months | None = None
    end_of: PeriodUnit | None = None


class Approval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an award becomes spendable."""

    method: Literal["immediate", "manual", "after_days"] = "immediate"
    days: Days | None = None
    """Of `after_days`: how long the award waits."""


class Cap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that one member gets from an activity in a period of the program's calendar.

    Shapes: at least one of `points` and `times`. An award over `points` is cut to what is left.
    """

    per: Literal["day", "week", "month", "lifetime"]
    points: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    times: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One test: an attribute, an operator, a value.

    Shapes: `attribute` is a path such as `member.tier`, `member.custom.club`,
    `transaction.order_subtotal`, `transaction.tags`, `products.product_category`; `operator` is
    the name of a file in core/rules/conditions.
    """

    attribute: Key
    operator: Key
    value: Any = None


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes what an activity is worth when its conditions hold.

    Shapes: `effect` is the name of a file in core/rules/effects; no condition always holds.
    """

    name: Line
    effect: Key
    value: Annotated[float, Meta(ge=0, le=1_000_000_000)]
    match: Literal["all", "any"] = "all"
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=CONDITIONS_MAX)] = ()
    is_active: bool = True


class Computation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an activity is worth before its rules.

    Shapes: `fixed` gives `points`; `multiplier_based` gives `multiplier` times a numeric attribute
    of the transaction.
    """

    kind: Literal["fixed", "multiplier_based"]
    points: Points = 0
    attribute: Key = "order_subtotal"
    multiplier: Multiplier = 1
    rounding: Literal["down", "up", "half_up", "half_even"] = "down"


class Activity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a member does that earns points.

    Shapes: `on` says what sets it off: an order, an enrolment, or a request to award it. At most
    one activity is set off by an order.
    """

    id: Key
    name: Line
    on: Literal["order", "enrolment", "request"] = "request"
    computation: Computation
    rules: Annotated[tuple[Rule, ...], Meta(max_length=RULES_MAX)] = ()
    caps: Annotated[tuple[Cap, ...], Meta(max_length=8)] = ()
    approval: Approval = Approval()
    expiry: Expiry | None = None
    """None: as `points.expiry` of the program says."""
    qualifies_for_tier: bool = True
    is_active: bool = True
    description: Text = ""
    metadata: dict[str, Any] = {}


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
    points: PointsSettings = PointsSettings()
    tiers: Tiers = Tiers()
    activities: Annotated[tuple[Activity, ...], Meta(max_length=ACTIVITIES_MAX)] = ()
    rewards: Annotated[tuple[Reward, ...], Meta(max_length=REWARDS_MAX)] = ()

    @cached_property
    def activity_by_id(self) -> dict[str, Activity]:
        """The activities by id."""
        return {activity.id: activity for activity in self.activities}

    @cached_property
    def reward_by_id(self) -> dict[str, Reward]:
        """The rewards by id."""
        return {reward.id: reward for reward in self.rewards}

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
    "Cap",
    "Computation",
    "Condition",
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
