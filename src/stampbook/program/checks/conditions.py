"""Conditions: attribute and operator exist, go together, and the value is one to compare with."""

from collections.abc import Iterator
from typing import get_args

from stampbook.core.definition import Activity, Condition, Definition
from stampbook.core.rules import conditions
from stampbook.core.rules.attributes import Attribute, attribute_at, known_paths
from stampbook.core.rules.conditions import ConditionKind
from stampbook.core.rules.operands import (
    NOTHING,
    ONE_OF_SEVERAL,
    SCALAR,
    AttributeType,
    fold,
    list_in,
    moment_in,
    number_in,
)
from stampbook.nouns.activity import BARE
from stampbook.nouns.member import MemberStatus
from stampbook.program.problems import Flaw, Path, choose_from

TYPE_WORDS: dict[AttributeType, str] = {
    "text": "a text",
    "number": "a number",
    "moment": "a day or an instant",
    "texts": "a list of texts",
}


def _check(definition: Definition) -> Iterator[Flaw]:
    for index, activity in enumerate(definition.activities):
        for path, condition in _conditions(activity, ("activities", index)):
            yield from condition_flaws(condition, path, definition, activity)


def condition_flaws(
    condition: Condition, path: Path, definition: Definition, activity: Activity | None = None
) -> Iterator[Flaw]:
    """Give what is wrong with a condition, be it of an activity or of the member alone."""
    yield from _condition_flaws(condition, path, activity)
    if condition.attribute == "member.tier":
        yield from _name_flaws(condition, frozenset(definition.level_by_id), (*path, "value"))
    elif condition.attribute == "member.status":
        yield from _name_flaws(condition, frozenset(get_args(MemberStatus)), (*path, "value"))


def _name_flaws(condition: Condition, known: frozenset[str], path: Path) -> Iterator[Flaw]:
    kind = conditions.catalogue().get(condition.operator)
    if kind is None or kind.operand not in (SCALAR, ONE_OF_SEVERAL):
        return
    folded = {fold(name) for name in known}
    for value in list_in(condition.value) or (condition.value,):
        if fold(value) not in folded:
            yield Flaw(path, f"{value} is unknown.", choose_from(value, known))


def _conditions(activity: Activity, path: Path) -> Iterator[tuple[Path, Condition]]:
    for rule_index, rule in enumerate(activity.rules):
        for index, condition in enumerate(rule.conditions):
            yield (*path, "rules", rule_index, "conditions", index), condition


def _condition_flaws(condition: Condition, path: Path, activity: Activity | None) -> Iterator[Flaw]:
    attribute = attribute_at(condition.attribute)
    kind = conditions.catalogue().get(condition.operator)
    if attribute is None:
        yield _unknown_attribute(condition.attribute, (*path, "attribute"))
    elif activity is not None and activity.on in BARE and attribute.scope != "member":
        yield Flaw(
            (*path, "attribute"),
            f"{attribute.path} is never there: the {activity.on} brings no transaction.",
            "Test an attribute of the member.",
        )
    if kind is None:
        yield Flaw(
            (*path, "operator"),
            f"{condition.operator} is no operator.",
            choose_from(condition.operator, conditions.catalogue()),
        )
        return
    if kind.operand.read(condition.value) is None:
        unread = kind.operand is NOTHING
        yield Flaw(
            (*path, "value"),
            f"does not fit {condition.operator}, which wants {kind.operand.words}.",
            "Leave it out." if unread else f"Give {kind.operand.words}.",
        )
    elif attribute is not None:
        yield from _pair_flaws(attribute, kind, condition, path)


def _pair_flaws(
    attribute: Attribute, kind: ConditionKind, condition: Condition, path: Path
) -> Iterator[Flaw]:
    if attribute.type not in kind.operand.suits:
        suited = (
            name
            for name, one in conditions.catalogue().items()
            if attribute.type in one.operand.suits
        )
        yield Flaw(
            (*path, "operator"),
            f"{condition.operator} does not compare {TYPE_WORDS[attribute.type]}, "
            f"which {attribute.path} is.",
            f"Use one of {', '.join(sorted(suited))}.",
        )
        return
    values = list_in(condition.value) or (condition.value,)
    if kind.operand is NOTHING:
        return
    if attribute.type == "number" and any(number_in(value) is None for value in values):
        yield Flaw(
            (*path, "value"), f"is no number, and {attribute.path} is one.", "Give a number."
        )
    if attribute.type == "moment" and any(moment_in(value) is None for value in values):
        yield Flaw(
            (*path, "value"),
            f"is no day, and {attribute.path} is one.",
            "Give a day or an instant, such as 2030-12-31.",
        )


def _unknown_attribute(attribute: str, path: Path) -> Flaw:
    if attribute == "transaction.products":
        return Flaw(path, "names all products at once.", "Name a field, as in products.product_id.")
    if "." not in attribute:
        near = [known for known in known_paths() if known.partition(".")[2] == attribute]
        remedy = (
            f"Did you mean {' or '.join(near)}?"
            if near
            else ("Begin it with member., transaction. or products.")
        )
        return Flaw(path, f"{attribute} does not say whose it is.", remedy)
    return Flaw(path, f"{attribute} does not exist.", choose_from(attribute, known_paths()))


CHECK = _check
