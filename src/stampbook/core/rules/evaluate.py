"""Evaluate: the one place that says what an activity is worth.

Order: the base; times every `multiply` rule that fired; times the multipliers of the tier and of
campaigns; plus every `add` rule that fired; rounded once by the activity's rounding; then kept
within 0 and POINTS_MAX. Arithmetic is exact before that one rounding. Points that rules add are not
multiplied by tier and campaigns.
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from stampbook.core.definition import Activity
from stampbook.core.refusals import ACTIVITY_NEEDS_NUMBER, Refused, refuse
from stampbook.core.rules.attributes import read_member
from stampbook.core.rules.compiled import CompiledActivity, CompiledRule, compiled
from stampbook.core.rules.effects import EXACT, UNCHANGED
from stampbook.core.rules.operands import number_in
from stampbook.core.rules.valuation import CampaignTrace, ConditionTrace, RuleTrace, Valuation
from stampbook.nouns.member import Member
from stampbook.values.points import POINTS_MAX

ROUNDINGS = {
    "down": ROUND_FLOOR,
    "up": ROUND_CEILING,
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
}
TIER_MULTIPLIER = "tier_multiplier"
CAMPAIGNS = "campaigns"
"""Of inputs: the campaigns that multiply, each with id, name and multiplier; unset without any."""

MULTIPLIERS_KEPT = 1024
BASE_MAX = 10**15
BASE_PLACES_MAX = 320
"""Units: digits after the point. A float has no more, and exact sums need a bound."""


def evaluate(
    activity: Activity, attributes: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Valuation | Refused:
    """Value an activity.

    Shapes: `attributes` are the transaction's as received, products under `products`; `inputs` is
    what `member_inputs` gave when the award was made, so that a return is valued alike.
    Errors: `activity.needs_number` when the attribute to multiply is missing or no number.
    """
    ready = compiled(activity)
    source, base = _base(ready, attributes)
    if base is None:
        name = activity.computation.attribute
        return refuse(
            ACTIVITY_NEEDS_NUMBER, field=name, rule=activity.id, attribute=name, found=source
        )
    worth = UNCHANGED
    traces: list[RuleTrace] = []
    for rule in ready.rules:
        trace = _try(rule, attributes, inputs)
        traces.append(trace)
        if trace.fired:
            worth = rule.effect.apply(worth, rule.value)
    tier_multiplier = _exactly(inputs.get(TIER_MULTIPLIER, 1))
    multiplied = EXACT.multiply(EXACT.multiply(base, worth.factor), tier_multiplier)
    campaigns: tuple[CampaignTrace, ...] = ()
    if CAMPAIGNS in inputs:
        campaigns = tuple(
            CampaignTrace(one["name"], _exactly(one["multiplier"])) for one in inputs[CAMPAIGNS]
        )
    for campaign in campaigns:
        multiplied = EXACT.multiply(multiplied, campaign.multiplier)
    exact = EXACT.add(multiplied, worth.addition)
    return Valuation(
        points=_rounded(exact, ROUNDINGS[activity.computation.rounding]),
        activity=activity,
        source=source,
        base=base,
        factor=worth.factor,
        tier_multiplier=tier_multiplier,
        campaigns=campaigns,
        addition=worth.addition,
        exact=exact,
        rules=tuple(traces),
    )


def member_inputs(activity: Activity, member: Member, tier_multiplier: float) -> dict[str, Any]:
    """Give what the activity's rules read of a member, by path, with the tier's multiplier.

    Shapes: JSON, so that it can be stored with the award and read again by a return; `member.tier`
    is the standing that the member was given with.
    """
    inputs = {a.path: read_member(a, member) for a in compiled(activity).member_attributes}
    inputs[TIER_MULTIPLIER] = tier_multiplier
    return inputs


@lru_cache(maxsize=MULTIPLIERS_KEPT, typed=True)
def _exactly(multiplier: float) -> Decimal:
    """Give a multiplier as it is written."""
    return Decimal(str(multiplier))


def _base(ready: CompiledActivity, attributes: Mapping[str, Any]) -> tuple[Any, Decimal | None]:
    computation = ready.activity.computation
    if computation.kind == "fixed":
        return None, ready.points
    source = attributes.get(computation.attribute)
    number = number_in(source)
    if number is None or number.copy_abs() > BASE_MAX:
        return source, None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -BASE_PLACES_MAX:
        return source, None
    return source, EXACT.multiply(number, ready.multiplier)


def _try(rule: CompiledRule, attributes: Mapping[str, Any], inputs: Mapping[str, Any]) -> RuleTrace:
    traces: list[ConditionTrace] = []
    fired = rule.rule.match == "all" or not rule.conditions
    decisive = not fired
    for condition in rule.conditions:
        found = condition.find(attributes, inputs)
        held = condition.holds(found)
        if held is decisive:
            fired = decisive
        traces.append(ConditionTrace(condition.condition, found, held))
    return RuleTrace(rule.rule, fired, tuple(traces))


def _rounded(exact: Decimal, rounding: str) -> int:
    if exact <= 0:
        return 0
    if exact >= POINTS_MAX:
        return POINTS_MAX
    return int(exact.to_integral_value(rounding))
