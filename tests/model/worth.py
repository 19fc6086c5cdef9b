"""What an activity is worth, worked out with exact decimals and no cleverness.

The model speaks only the conditions that its programs use.
"""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from typing import Any

from stampbook.core.definition import Activity, Condition, Rule

ROUNDINGS = {
    "down": ROUND_DOWN,
    "up": ROUND_UP,
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
}


def number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None


def holds(condition: Condition, attributes: dict[str, Any], tier_id: str | None) -> bool:
    kind, _, name = condition.attribute.partition(".")
    match kind, condition.operator:
        case "transaction", "at_least":
            found = number(attributes.get(name))
            return found is not None and found >= Decimal(str(condition.value))
        case "products", "equals":
            products = attributes.get("products") or ()
            return any(product.get(name) == condition.value for product in products)
        case "member", "equals":
            return tier_id == condition.value
        case _:
            raise AssertionError(condition)


def fires(rule: Rule, attributes: dict[str, Any], tier_id: str | None) -> bool:
    verdicts = [holds(condition, attributes, tier_id) for condition in rule.conditions]
    return all(verdicts) if rule.match == "all" or not verdicts else any(verdicts)


def worth(
    activity: Activity,
    attributes: dict[str, Any],
    *,
    points: int | None = None,
    tier_id: str | None = None,
    tier_multiplier: float = 1,
) -> int | None:
    """Whole points, rounded once at the end; None when the number to multiply is missing.

    What rules multiply and the tier multiplies comes first; what rules add is added to it.
    """
    computation = activity.computation
    if points is not None:
        return points
    if computation.kind == "fixed":
        value = Decimal(computation.points)
    else:
        found = number(attributes.get(computation.attribute))
        if found is None:
            return None
        value = found * Decimal(str(computation.multiplier))
    fired = [rule for rule in activity.rules if fires(rule, attributes, tier_id)]
    for rule in fired:
        value *= Decimal(str(rule.value)) if rule.effect == "multiply" else 1
    value *= Decimal(str(tier_multiplier))
    value += sum(Decimal(str(rule.value)) for rule in fired if rule.effect == "add")
    return max(0, int(value.to_integral_value(rounding=ROUNDINGS[computation.rounding])))
