"""A valuation: what an activity is worth to a member, and the trace of how that came about."""

from decimal import Decimal
from typing import Any

from msgspec import Struct

from stampbook.core.definition import Activity, Condition, Rule


class ConditionTrace(Struct, frozen=True):
    """What a condition found, and whether it held; of products one value for each."""

    condition: Condition
    found: Any
    held: bool


class RuleTrace(Struct, frozen=True):
    """Whether an active rule fired, with all of its conditions, each of them judged."""

    rule: Rule
    fired: bool
    conditions: tuple[ConditionTrace, ...]


class CampaignTrace(Struct, frozen=True):
    """A campaign that the member was inside, and what it multiplied by."""

    name: str
    multiplier: Decimal


class Valuation(Struct, frozen=True, kw_only=True):
    """What an activity is worth.

    Shapes: `exact` = base x factor x tier_multiplier x each campaign's + addition; rounded once it
    is `points`, never below 0 nor above POINTS_MAX. `rules` are the active rules in their order.
    """

    points: int
    activity: Activity
    source: Any
    """The attribute that was multiplied, as received; None of a fixed activity."""
    base: Decimal
    factor: Decimal
    tier_multiplier: Decimal
    campaigns: tuple[CampaignTrace, ...] = ()
    addition: Decimal
    exact: Decimal
    rules: tuple[RuleTrace, ...]
