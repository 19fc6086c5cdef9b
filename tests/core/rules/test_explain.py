from typing import Any

import pytest
from hypothesis import given

from stampbook.core.definition import Activity, Computation, Condition, Rule
from stampbook.core.rules.conditions import catalogue
from stampbook.core.rules.evaluate import evaluate
from stampbook.core.rules.explain import Explanation, explain
from stampbook.core.rules.valuation import Valuation
from stampbook.core.rules.words import attribute_words, condition_words, spell
from tests.core.rules import strategies


def explained(activity: Activity, attributes: dict[str, Any], **inputs: Any) -> Explanation:
    valuation = evaluate(activity, attributes, {"tier_multiplier": 1, **inputs})
    assert isinstance(valuation, Valuation)
    return explain(valuation)


@given(strategies.activities(), strategies.received(), strategies.read())
def test_the_explanation_says_what_was_decided(
    activity: Activity, attributes: dict[str, Any], inputs: dict[str, Any]
) -> None:
    valuation = evaluate(activity, attributes, inputs)
    if not isinstance(valuation, Valuation):
        return
    explanation = explain(valuation)
    assert explanation.points == valuation.points
    active = explanation.rules[: len(valuation.rules)]
    assert [rule.fired for rule in active] == [trace.fired for trace in valuation.rules]
    assert not any(rule.fired for rule in explanation.rules[len(valuation.rules) :])
    assert len(explanation.rules) == len(activity.rules)
    assert explanation.result.endswith(f": {valuation.points} points.")
    assert all(sentence.endswith(".") for sentence in explanation.sentences())


SUBTOTAL = Condition(attribute="transaction.order_subtotal", operator="greater_than", value=50)
GOLD = Condition(attribute="member.tier", operator="one_of", value=["gold", "platinum"])
PURCHASE = Activity(
    id="buy",
    name="Buying",
    computation=Computation(kind="multiplier_based", multiplier=2),
    rules=(
        Rule(name="Large", effect="add", value=20, conditions=(SUBTOTAL,)),
        Rule(name="Upper", effect="multiply", value=1.5, conditions=(GOLD, SUBTOTAL)),
        Rule(name="Either", effect="add", value=1, match="any", conditions=(GOLD, SUBTOTAL)),
        Rule(name="Summer", effect="add", value=9, is_active=False),
    ),
)


def test_it_names_the_conditions_that_decided() -> None:
    explanation = explained(
        PURCHASE, {"order_subtotal": "62.55"}, **{"member.tier": "silver", "tier_multiplier": 1.1}
    )
    assert explanation.sentences() == (
        "Buying is worth 2 for each 1 of order subtotal: 2 x 62.55 = 125.1.",
        "“Large” applies and adds 20: order subtotal (62.55) is more than 50.",
        "“Upper” does not apply: member's tier (silver) is none of gold or platinum.",
        "“Either” applies and adds 1: order subtotal (62.55) is more than 50.",
        "“Summer” does not apply: it is switched off.",
        "The member's tier multiplies by 1.1.",
        "125.1 x 1.1 + 21 = 158.61, rounded down: 158 points.",
    )


def test_what_is_missing_is_called_nothing() -> None:
    sentence = explained(PURCHASE, {"order_subtotal": 3}).rules[1].sentence
    assert "member's tier (nothing) is none of" in sentence
    assert "order subtotal (3) is not more than 50" in sentence


def test_a_worth_below_nothing_says_that_it_was_kept_within_bounds() -> None:
    assert explained(PURCHASE, {"order_subtotal": -3}).result == (
        "-6, kept within its bounds: 0 points."
    )


def test_a_rule_without_conditions_says_so() -> None:
    activity = Activity(
        id="a",
        name="Joining",
        computation=Computation(kind="fixed", points=5),
        rules=(Rule(name="Always", effect="add", value=1),),
    )
    assert explained(activity, {}).sentences() == (
        "Joining is worth 5 points.",
        "“Always” applies and adds 1: it has no conditions.",
        "5 + 1 = 6: 6 points.",
    )


@pytest.mark.parametrize("operator", sorted(catalogue()))
def test_every_operator_reads_as_a_sentence(operator: str) -> None:
    value = catalogue()[operator].example.value
    condition = Condition(attribute="transaction.tags", operator=operator, value=value)
    held, missed = condition_words(condition), condition_words(condition, held=False)
    assert held != missed
    assert held.startswith("tags ")
    assert "{" not in held + missed


def test_long_lists_and_texts_are_cut() -> None:
    assert spell(list(range(8))) == "0, 1, 2, 3, 4 and 3 more"
    assert len(spell("x" * 500)) == 80
    assert spell([]) == spell(None) == spell("") == "nothing"
    spelled = [spell(value) for value in (1e-7, 100.0, "5.50", True)]
    assert spelled == ["0.0000001", "100", "5.50", "true"]


def test_an_attribute_is_named_without_its_path() -> None:
    paths = ("products.product_price", "member.address.country", "member.custom.shoe_size", "old")
    assert [attribute_words(path) for path in paths] == [
        "product price", "member's country", "member's shoe size", "old",
    ]  # fmt: skip
