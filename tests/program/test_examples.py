from typing import get_args

import pytest

from stampbook.core.definition import Activity, Approval, Cap, Definition
from stampbook.core.rules.evaluate import evaluate, member_inputs
from stampbook.core.rules.explain import explain
from stampbook.core.rules.valuation import Valuation
from stampbook.nouns.examples import EXAMPLE_MEMBER
from stampbook.nouns.reward import SubType
from stampbook.program.parse import parse


def example(name: str, request: pytest.FixtureRequest) -> Definition:
    file = request.config.rootpath / "examples" / f"{name}.toml"
    read = parse(file.read_text(encoding="utf-8"), file.name)
    assert isinstance(read, Definition), [str(problem) for problem in read]
    return read


def values_of(record: type, field: str) -> set[str]:
    return set(get_args(record.__annotations__[field]))


@pytest.mark.parametrize("name", ["cdnow", "apparel"])
def test_an_example_is_right_and_all_its_activities_can_be_valued(
    name: str, request: pytest.FixtureRequest
) -> None:
    definition = example(name, request)
    attributes = {"order_subtotal": "81.30", "order_total": 90, "weight_kg": 1.25}
    for activity in definition.activities:
        inputs = member_inputs(activity, EXAMPLE_MEMBER, 1)
        valuation = evaluate(activity, attributes, inputs)
        assert isinstance(valuation, Valuation)
        assert valuation.points > 0
        assert explain(valuation).points == valuation.points


def test_a_music_order_is_worth_what_its_rules_say(request: pytest.FixtureRequest) -> None:
    purchase = example("cdnow", request).activity_by_id["made_a_purchase"]

    def points(subtotal: float, purchases: int, tier: float = 1) -> int:
        inputs = {"member.number_of_purchases": purchases, "tier_multiplier": tier}
        valuation = evaluate(purchase, {"order_subtotal": subtotal}, inputs)
        assert isinstance(valuation, Valuation)
        return valuation.points

    assert points(11.77, 1) == 58
    assert points(77, 2) == 385 + 50
    assert points(20, 3) == 120
    assert points(9.99, 3) == 49
    assert points(60, 5, 1.25) == 500


def test_apparel_uses_every_kind_of_setting(request: pytest.FixtureRequest) -> None:
    definition = example("apparel", request)
    assert {reward.sub_type for reward in definition.rewards} == set(get_args(SubType))
    assert {reward.coupon for reward in definition.rewards} == {"generated", "pool", "none"}
    methods = {activity.approval.method for activity in definition.activities}
    assert methods == values_of(Approval, "method")
    periods = {cap.per for activity in definition.activities for cap in activity.caps}
    assert periods == values_of(Cap, "per")
    assert {activity.on for activity in definition.activities} == values_of(Activity, "on")
    assert len(definition.tiers.levels) == 4
    assert len(definition.activities) >= 10
    assert len(definition.rewards) >= 8
    assert any(reward.stock for reward in definition.rewards)
    assert any(reward.limit for reward in definition.rewards)
    assert any(reward.eligibility.points for reward in definition.rewards)
    assert any(reward.starts_at and reward.ends_at for reward in definition.rewards)
