"""A second evaluator, written apart: fractions, plain loops, no cache, none of our code."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, cast

from stampbook.core.definition import Activity, Condition, Rule

POINTS_MOST = 10**12

ROUND: dict[str, Callable[[Fraction], int]] = {
    "down": math.floor,
    "up": math.ceil,
    "half_up": lambda exact: math.floor(exact + Fraction(1, 2)),
    "half_even": round,
}


def worth(activity: Activity, attributes: dict[str, Any], inputs: dict[str, Any]) -> int | None:
    """The points, or None where the attribute to multiply is no number."""
    computation = activity.computation
    exact = Fraction(computation.points)
    if computation.kind == "multiplier_based":
        number = as_number(attributes.get(computation.attribute))
        if number is None:
            return None
        exact = number * Fraction(str(computation.multiplier))
    fired = [rule for rule in activity.rules if fires(rule, attributes, inputs)]
    for rule in fired:
        if rule.effect == "multiply":
            exact *= Fraction(str(rule.value))
    exact *= Fraction(str(inputs["tier_multiplier"]))
    for rule in fired:
        if rule.effect == "add":
            exact += Fraction(str(rule.value))
    return min(max(ROUND[computation.rounding](exact), 0), POINTS_MOST)


def fires(rule: Rule, attributes: dict[str, Any], inputs: dict[str, Any]) -> bool:
    if not rule.is_active:
        return False
    verdicts = [condition_holds(one, attributes, inputs) for one in rule.conditions]
    if not verdicts:
        return True
    return all(verdicts) if rule.match == "all" else any(verdicts)


def condition_holds(
    condition: Condition, attributes: dict[str, Any], inputs: dict[str, Any]
) -> bool:
    scope, name = condition.attribute.split(".", 1)
    if scope == "products":
        things = [product.get(name) for product in attributes.get("products", [])]
    elif scope == "member":
        things = [inputs.get(condition.attribute)]
    else:
        things = [attributes.get(name)]
    split = name in {"tags", "product_category"}
    lists = [as_items(thing, split=split) for thing in things]
    return compare(condition.operator, lists, condition.value)


def compare(operator: str, lists: list[list[Any]], value: Any) -> bool:
    opposite = {
        "not_equals": "equals",
        "not_one_of": "one_of",
        "contains_none": "contains_any",
        "is_not_set": "is_set",
    }
    if operator in opposite:
        return not compare(opposite[operator], lists, value)
    if operator == "contains_all":
        return any(all(any(same(x, y) for x in items) for y in value) for items in lists)
    return any(holds_one(operator, item, value) for items in lists for item in items)


def holds_one(operator: str, item: Any, value: Any) -> bool:  # noqa: PLR0911 - one case each
    match operator:
        case "is_set":
            return True
        case "equals":
            return same(item, value)
        case "one_of" | "contains_any":
            return any(same(item, one) for one in value)
        case "starts_with":
            return lower(item).startswith(lower(value))
        case "ends_with":
            return lower(item).endswith(lower(value))
        case "contains_text":
            return lower(value) in lower(item)
        case "between":
            low, high = value
            return holds_one("at_least", item, low) and holds_one("at_most", item, high)
        case _:
            left, right = as_ordered(item, value)
            if left is None:
                return False
            return {
                "greater_than": left > right,
                "at_least": left >= right,
                "less_than": left < right,
                "at_most": left <= right,
            }[operator]


def as_ordered(item: Any, value: Any) -> tuple[Any, Any]:
    if as_number(value) is not None:
        return as_number(item), as_number(value)
    return as_moment(item), as_moment(value)


def as_moment(thing: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(thing)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_number(thing: Any) -> Fraction | None:
    if isinstance(thing, bool) or not isinstance(thing, int | float | str):
        return None
    try:
        return Fraction(str(thing))
    except ValueError:
        return None


def as_items(thing: Any, *, split: bool) -> list[Any]:
    if split and isinstance(thing, str):
        thing = [part.strip() for part in thing.split(",")]
    things = cast("list[Any]", thing) if isinstance(thing, list) else [thing]
    return [one for one in things if one not in (None, "")]


def lower(thing: Any) -> str:
    return str(thing).strip().casefold()


def same(item: Any, value: Any) -> bool:
    if isinstance(item, bool) or isinstance(value, bool):
        return item is value
    if isinstance(item, str) and isinstance(value, str):
        return lower(item) == lower(value)
    number = as_number(item)
    return number is not None and number == as_number(value)
