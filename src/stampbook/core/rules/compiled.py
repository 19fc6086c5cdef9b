"""Compiled activities: paths, operators and values are looked up once; orders come often."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from stampbook.core.definition import Activity, Condition, Rule
from stampbook.core.rules import attributes as reading
from stampbook.core.rules import conditions, effects
from stampbook.core.rules.attributes import Attribute

COMPILED_MAX = 4096
"""Units: activities kept; beyond it all are compiled again."""


class CompiledCondition:
    """A condition that is ready to be judged."""

    __slots__ = ("attribute", "condition", "kind", "wanted")

    def __init__(self, condition: Condition) -> None:
        attribute = reading.attribute_at(condition.attribute)
        assert attribute is not None, condition.attribute
        self.condition = condition
        self.attribute: Attribute = attribute
        self.kind = conditions.catalogue()[condition.operator]
        self.wanted = self.kind.operand.read(condition.value)
        assert self.wanted is not None, condition

    def find(self, attributes: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        """Give what the attribute holds; of products a tuple with one value for each."""
        match self.attribute.scope:
            case "transaction":
                return attributes.get(self.attribute.name)
            case "member":
                return inputs.get(self.attribute.path)
            case "products":
                return reading.read_products(self.attribute, attributes)

    def holds(self, found: Any) -> bool:
        """Decide whether the condition holds for what was found."""
        kind, wanted, type_ = self.kind, self.wanted, self.attribute.type
        if self.attribute.scope == "products":
            lists = [reading.items_of(value, type_) for value in found]
            items = lists if kind.whole else [item for items in lists for item in items]
        else:
            items = reading.items_of(found, type_)
            items = (items,) if kind.whole else items
        for item in items:
            if kind.holds(item, wanted) is not kind.every:
                return not kind.every
        return kind.every


class CompiledRule:
    """A rule whose conditions are ready to be judged."""

    __slots__ = ("conditions", "effect", "rule", "value")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.conditions = tuple(CompiledCondition(condition) for condition in rule.conditions)
        self.effect = effects.catalogue()[rule.effect]
        self.value = Decimal(str(rule.value))


class CompiledActivity:
    """An activity that is ready to be valued."""

    __slots__ = ("activity", "member_attributes", "multiplier", "points", "rules")

    def __init__(self, activity: Activity) -> None:
        self.activity = activity
        self.rules = tuple(CompiledRule(rule) for rule in activity.rules if rule.is_active)
        self.points = Decimal(activity.computation.points)
        self.multiplier = Decimal(str(activity.computation.multiplier))
        read = (c.attribute for rule in self.rules for c in rule.conditions)
        paths = {attribute.path: attribute for attribute in read if attribute.scope == "member"}
        self.member_attributes = tuple(paths.values())


_compiled: dict[int, CompiledActivity] = {}


def compiled(activity: Activity) -> CompiledActivity:
    """Compile an activity, or give it as it was compiled before.

    Errors: AssertionError or KeyError for an activity that program.validate would not accept.
    """
    known = _compiled.get(id(activity))
    if known is None or known.activity is not activity:
        if len(_compiled) >= COMPILED_MAX:
            _compiled.clear()
        known = _compiled[id(activity)] = CompiledActivity(activity)
    return known
