from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.definition import (
    Activity,
    Computation,
    Condition,
    Rule,
)
from stampbook.core.refusals import ACTIVITY_NEEDS_NUMBER, Refused
from stampbook.core.rules.compiled import COMPILED_MAX, compiled
from stampbook.core.rules.evaluate import evaluate
from stampbook.core.rules.valuation import Valuation
from stampbook.nouns.activity import CONDITIONS_MAX, RULES_MAX
from stampbook.values import json
from stampbook.values.points import POINTS_MAX
from tests.core.rules import naive, strategies

Rounding = Literal["down", "up", "half_up", "half_even"]


def purchase(*rules: Rule, multiplier: float = 1, rounding: Rounding = "down") -> Activity:
    computation = Computation(kind="multiplier_based", multiplier=multiplier, rounding=rounding)
    return Activity(id="buy", name="Bought", on="order", computation=computation, rules=rules)


def rule(effect: str, value: float, *conditions: Condition, name: str = "r") -> Rule:
    return Rule(name=name, effect=effect, value=value, conditions=conditions)


def valued(activity: Activity, subtotal: Any, tier_multiplier: float = 1) -> Valuation:
    valuation = evaluate(
        activity, {"order_subtotal": subtotal}, {"tier_multiplier": tier_multiplier}
    )
    assert isinstance(valuation, Valuation)
    return valuation


def stored(record: dict[str, Any]) -> dict[str, Any]:
    return json.decode(json.encode(record), dict[str, Any])


@given(strategies.activities(), strategies.received(), strategies.read())
def test_it_agrees_with_a_naive_evaluator(
    activity: Activity, attributes: dict[str, Any], inputs: dict[str, Any]
) -> None:
    valuation = evaluate(activity, attributes, inputs)
    expected = naive.worth(activity, attributes, inputs)
    if expected is None:
        assert isinstance(valuation, Refused)
        return
    assert isinstance(valuation, Valuation)
    assert valuation.points == expected
    active = [one for one in activity.rules if one.is_active]
    assert [trace.rule for trace in valuation.rules] == active
    for trace in valuation.rules:
        assert trace.fired is naive.fires(trace.rule, attributes, inputs)
        assert [one.held for one in trace.conditions] == [
            naive.condition_holds(one, attributes, inputs) for one in trace.rule.conditions
        ]


@given(strategies.activities(), strategies.received(), strategies.read())
def test_stored_inputs_and_attributes_value_alike(
    activity: Activity, attributes: dict[str, Any], inputs: dict[str, Any]
) -> None:
    again = json.decode(json.encode(activity), Activity)
    first = evaluate(activity, attributes, inputs)
    second = evaluate(again, stored(attributes), stored(inputs))
    if isinstance(first, Refused):
        assert isinstance(second, Refused)
    else:
        assert isinstance(second, Valuation)
        assert (first.points, first.exact) == (second.points, second.exact)


@given(strategies.activities(), strategies.received(), strategies.read(), st.randoms())
def test_the_order_of_rules_changes_nothing(
    activity: Activity, attributes: dict[str, Any], inputs: dict[str, Any], random: Any
) -> None:
    shuffled = list(activity.rules)
    random.shuffle(shuffled)
    other = Activity(id="o", name="O", computation=activity.computation, rules=tuple(shuffled))
    first, second = evaluate(activity, attributes, inputs), evaluate(other, attributes, inputs)
    assert isinstance(first, Refused) is isinstance(second, Refused)
    if isinstance(first, Valuation) and isinstance(second, Valuation):
        assert first.exact == second.exact


def test_factors_then_the_tier_then_additions_then_one_rounding() -> None:
    activity = purchase(rule("add", 0.5), rule("multiply", 3), rule("multiply", 0.5))
    valuation = valued(activity, "10.33", tier_multiplier=1.5)
    assert valuation.exact == Decimal("10.33") * 3 / 2 * Decimal("1.5") + Decimal("0.5")
    assert valuation.points == 23


@pytest.mark.parametrize(
    ("subtotal", "down", "up", "half_up", "half_even"),
    [
        ("2.5", 2, 3, 3, 2),
        ("3.5", 3, 4, 4, 4),
        ("2.49", 2, 3, 2, 2),
        (2, 2, 2, 2, 2),
        ("0.0000001", 0, 1, 0, 0),
        ("-3.5", 0, 0, 0, 0),
    ],
)
def test_each_rounding(subtotal: Any, down: int, up: int, half_up: int, half_even: int) -> None:
    wanted: dict[Rounding, int] = {
        "down": down, "up": up, "half_up": half_up, "half_even": half_even,
    }  # fmt: skip
    for rounding, points in wanted.items():
        assert valued(purchase(rounding=rounding), subtotal).points == points


def test_binary_fractions_do_not_leak_into_points() -> None:
    assert valued(purchase(multiplier=100), 0.29).points == 29
    assert valued(purchase(multiplier=0.1), 30).points == 3
    assert valued(purchase(rule("multiply", 1.1), multiplier=10), 1.1).points == 12


@pytest.mark.parametrize(
    "subtotal",
    [None, "", "many", True, [5], {"amount": 5}, float("nan"), float("inf"), "1e16", "1e-999999"],
)
def test_an_attribute_that_is_no_number_is_refused(subtotal: Any) -> None:
    refused = evaluate(purchase(), {"order_subtotal": subtotal}, {})
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (ACTIVITY_NEEDS_NUMBER.code, "order_subtotal")
    assert refused.rule == "buy"


def test_a_missing_attribute_is_refused_and_a_fixed_activity_needs_none() -> None:
    assert isinstance(evaluate(purchase(), {}, {}), Refused)
    fixed = Activity(id="f", name="F", computation=Computation(kind="fixed", points=7))
    valuation = evaluate(fixed, {}, {})
    assert isinstance(valuation, Valuation)
    assert valuation.points == 7


def test_points_stay_within_what_a_store_holds() -> None:
    huge = purchase(*(rule("multiply", 1e9, name=str(n)) for n in range(RULES_MAX)))
    assert valued(huge, 10**15).points == POINTS_MAX
    assert valued(huge, -(10**15)).points == 0


def test_the_longest_numbers_within_the_limits_are_still_exact() -> None:
    tiny = 2.2250738585072014e-308
    rules = [rule("multiply", tiny, name=str(n)) for n in range(RULES_MAX - 1)]
    activity = purchase(*rules, rule("add", 999_999_999.9999999), rounding="up")
    valuation = valued(activity, "0.3", tier_multiplier=1.1)
    assert valuation.points == 1_000_000_000
    assert valuation.exact > Decimal("999999999.9999999")


def test_a_rule_without_conditions_always_fires_and_one_switched_off_never() -> None:
    always = Rule(name="always", effect="add", value=1, match="any")
    off = Rule(name="off", effect="add", value=100, is_active=False)
    assert valued(purchase(always, off), 5).points == 6


def test_every_condition_is_judged_even_when_the_first_decides() -> None:
    conditions = tuple(
        Condition(attribute="transaction.order_subtotal", operator="equals", value=number)
        for number in range(CONDITIONS_MAX)
    )
    trace = valued(purchase(rule("add", 1, *conditions)), 3).rules[0]
    assert [one.held for one in trace.conditions] == [n == 3 for n in range(CONDITIONS_MAX)]
    assert {one.found for one in trace.conditions} == {3}


def test_an_activity_is_compiled_once_and_only_so_many_are_kept() -> None:
    activity = purchase(rule("add", 1))
    assert compiled(activity) is compiled(activity)
    first = compiled(activity)
    others = [purchase(rule("add", 1)) for _ in range(COMPILED_MAX)]
    for other in others:
        assert compiled(other).activity is other
    assert compiled(activity) is not first
    assert valued(activity, 1).points == 2
