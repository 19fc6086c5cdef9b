"""Campaigns in a definition: what they cannot mean is told where it stands."""

import pytest

from stampbook.core.rules.audience import compiled_audience
from tests.program.programs import SMALL, definition, problems

CLUB = """
[[activities]]
id = "bonus"
name = "Bonus"
computation = { kind = "fixed" }

[[coupons]]
id = "five"
name = "Five off"
value = 5

[[campaigns]]
id = "club"
name = "Club"
starts_at = 2030-01-01T00:00:00Z
ends_at = 2030-02-01T00:00:00Z
promotion = { kind = "bonus_points", activity = "bonus", points = 10 }

[campaigns.entry]
conditions = [ { attribute = "member.tier", operator = "equals", value = "red" } ]
"""
PROMOTION = '{ kind = "bonus_points", activity = "bonus", points = 10 }'
CONDITION = '{ attribute = "member.tier", operator = "equals", value = "red" }'


def test_a_campaign_that_is_right_is_read() -> None:
    [campaign] = definition(SMALL + CLUB).campaigns
    assert campaign.promotion.points == 10
    assert compiled_audience(campaign.entry).conditions


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (PROMOTION, '{ kind = "bonus_points", activity = "bonus" }', "promotion.points"),
        (PROMOTION, '{ kind = "bonus_points", activity = "no", points = 1 }', "promotion.activity"),
        (
            PROMOTION,
            '{ kind = "bonus_points", activity = "buy", points = 1 }',
            "promotion.activity",
        ),
        (PROMOTION, '{ kind = "multiplier" }', "promotion.multiplier"),
        (PROMOTION, '{ kind = "multiplier", multiplier = 1.23456 }', "promotion.multiplier"),
        (PROMOTION, '{ kind = "multiplier", multiplier = 2, points = 3 }', "promotion.points"),
        (PROMOTION, '{ kind = "coupon", coupon = "none" }', "promotion.coupon"),
        (PROMOTION, '{ kind = "no_action", coupon = "five" }', "promotion.coupon"),
        ("2030-02-01T00:00:00Z", "2029-02-01T00:00:00Z", "ends_at"),
        ('value = "red"', 'value = "pink"', "entry.conditions[0].value"),
        ('"equals"', '"like"', "entry.conditions[0].operator"),
        (
            CONDITION,
            '{ attribute = "transaction.order_total", operator = "at_least", value = 1 }',
            "entry.conditions[0].attribute",
        ),
    ],
)
def test_what_a_campaign_cannot_mean_is_told_where_it_stands(old: str, new: str, key: str) -> None:
    assert CLUB.count(old) == 1
    [problem] = problems(SMALL + CLUB.replace(old, new))
    assert problem.key == f"campaigns[0].{key}"


def test_two_campaigns_of_one_id_are_told_apart_by_nobody() -> None:
    again = CLUB[CLUB.index("[[campaigns]]") :]
    assert "campaigns[1].id" in {problem.key for problem in problems(SMALL + CLUB + again)}
