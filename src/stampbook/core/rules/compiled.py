"""Compiled activities: paths, operators and values are looked up once; orders come often."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from stampbook.core.definition import Activity, Condition, Rule
from stampbook.core.rules import attributes as reading
from stampbook.core.rules import conditions, effects
from stampbook.core.rules.attributes import Attribute, items_of
from stampbook.core.rules.conditions import ConditionKind

Find = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
Holds = Callable[[Any], bool]

COMPILED_MAX = 4096
"""Units: activities kept; beyond it all are compiled again."""


class CompiledCondition:
    """A condition that is ready to be judged.

    Shapes: `find(attributes, inputs)` gives what the attribute holds, of products a tuple with one
    value for each; `holds(found)` decides whether the condition holds for it.
    """

    __slots__ = ("attribute", "condition", "find", "holds", "wanted")

    def __init__(self, condition: Condition) -> None:
        attribute = reading.attribute_at(condition.attribute)
        assert attribute is not None, condition.attribute
        self.condition = condition
        self.attribute: Attribute = attribute
        kind = conditions.catalogue()[condition.operator]
        self.wanted = kind.operand.read(condition.value)
        assert self.wanted is not None, condition
        self.find = _find(attribute)
        self.holds = _holds(kind, self.wanted, attribute)


def _find(attribute: Attribute) -> Find:
    name, path = attribute.name, attribute.path
    match attribute.scope:
        case "transaction":
            return lambda attributes, _: attributes.get(name)
        case "member":
            return lambda _, inputs: inputs.get(path)
        case "products":
            return lambda attributes, _: reading.read_products(attribute, attributes)


def _holds(kind: ConditionKind, wanted: Any, attribute: Attribute) -> Holds:
    judge, every, type_ = kind.holds, kind.every, attribute.type

    def of_one(found: Any) -> bool:
        for item in items_of(found, type_):
            if judge(item, wanted) is not every:
                return not every
        return every

    def of_products(found: Any) -> bool:
        answers = [of_one(value) for value in found]
        return all(answers) if every else any(answers)

    def of_list(found: Any) -> bool:
        return judge(items_of(found, type_), wanted)

    def of_lists(found: Any) -> bool:
        answers = [of_list(value) for value in found]
        return all(answers) if every else any(answers)

    if attribute.scope == "products":
        return of_lists if kind.whole else of_products
    return of_list if kind.whole else of_one


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
