"""Recipes find their way in programs that leave them few."""

import pytest

from stampbook.triggers.stage import ImpossibleError
from tests.triggers.conftest import Found
from tests.triggers.playing import NOTHING, play

HEAD = NOTHING.replace("Nothing", "Corner")
GIFT = """
[[activities]]
id = "gift"
name = "A gift"
computation = { kind = "fixed", points = 100 }
"""
ORDER = """
[[activities]]
id = "made_a_purchase"
name = "Bought"
on = "order"
computation = { kind = "multiplier_based", attribute = "order_subtotal", multiplier = 0.5 }
approval = { method = "after_days", days = 14 }
"""
TIERS = """
[tiers]
basis = "qualified_points"
downgrade_on_deduction = false

[[tiers.levels]]
id = "basic"
name = "Basic"
threshold = 0

[[tiers.levels]]
id = "gold"
name = "Gold"
threshold = 333
"""
KILOS = """
[[activities]]
id = "brought_back"
name = "Brought back"
computation = { kind = "multiplier_based", attribute = "kilos", multiplier = 30 }
approval = { method = "manual" }
"""


@pytest.mark.parametrize("name", ["points.earned", "points.pended", "points.rejected"])
def test_only_orders_earn(found: Found, name: str) -> None:
    api = found(HEAD + "[orders]\nearn_when = ['paid']\n" + ORDER)
    assert play(api, name)


@pytest.mark.parametrize("name", ["points.earned", "points.pended", "points.deducted"])
def test_an_activity_is_measured(found: Found, name: str) -> None:
    assert play(found(HEAD + KILOS), name)


@pytest.mark.parametrize("name", ["tier.upgraded", "tier.downgraded"])
@pytest.mark.parametrize("earning", [GIFT, ORDER, KILOS])
def test_a_tier_is_climbed_by_whatever_counts(found: Found, name: str, earning: str) -> None:
    assert play(found(HEAD + TIERS + earning), name)


def test_a_tier_is_lost_by_a_deduction(found: Found) -> None:
    tiers = TIERS.replace("downgrade_on_deduction = false", "downgrade_on_deduction = true")
    steps: list[str] = []
    assert play(found(HEAD + tiers + GIFT), "tier.downgraded", steps=steps)
    assert steps[-1] == "deducted 333 points"


def test_nothing_that_counts_towards_a_tier_is_said(found: Found) -> None:
    uncounted = GIFT + "qualifies_for_tier = false\n"
    with pytest.raises(ImpossibleError, match="333 points"):
        play(found(HEAD + TIERS + uncounted), "tier.upgraded")


def test_points_that_only_inactivity_ends(found: Found) -> None:
    text = HEAD + "[points]\ninactivity_days = 40\n" + GIFT
    steps: list[str] = []
    assert play(found(text), "points.expired", steps=steps)
    assert steps[-1].startswith("moved the clock")


def test_what_expires_soonest_is_awarded(found: Found) -> None:
    brief = GIFT.replace("gift", "brief") + "expiry = { days = 3 }\n"
    text = HEAD + "[points]\nexpiry = { months = 12 }\n" + GIFT + brief
    steps: list[str] = []
    assert play(found(text), "points.expired", steps=steps)
    assert "awarded 100 points for brief" in steps
    assert steps[-1].startswith("moved the clock to 2029-08-04")


def test_a_friend_completes_a_referral_by_an_activity(found: Found) -> None:
    referrals = "[referrals]\nis_active = true\nactivity = 'gift'\ncompleted_by = ['gift']\n"
    steps: list[str] = []
    assert play(found(HEAD + referrals + GIFT), "referral.completed", steps=steps)
    assert steps[-1] == "let the friend do gift"


CAMPAIGN = """
[[campaigns]]
id = "{id}"
name = "A campaign"
entry_delay_days = 2
exit_delay_days = 3
starts_at = 2029-09-01T00:00:00Z
entry = {{ match = "{match}", conditions = [ {conditions} ] }}
{more}
"""


def condition(attribute: str, operator: str, value: str = "") -> str:
    told = f", value = {value}" if value else ""
    return f'{{ attribute = "member.{attribute}", operator = "{operator}"{told} }}'


AUDIENCES = {
    "tags": [
        condition("tags", "contains_all", '["a", "b"]'),
        condition("tags", "contains_none", '["c"]'),
    ],
    "custom": [
        condition("custom.club", "equals", '"chess"'),
        condition("custom.age", "at_least", "18"),
    ],
    "set": [condition("custom.since", "is_set"), condition("custom.until", "is_not_set")],
    "address": [condition("address.country", "one_of", '["DE", "AT"]')],
    "orders": [
        condition("number_of_purchases", "greater_than", "1"),
        condition("revenue", "at_least", "300"),
    ],
    "points": [
        condition("earned_points", "at_least", "250"),
        condition("available_points", "less_than", "900"),
    ],
    "tier": [condition("tier", "equals", '"gold"')],
    "language": [condition("preferred_language", "starts_with", '"de"')],
}


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("name", ["campaign.entered", "campaign.exited"])
def test_somebody_is_made_who_meets_what_a_campaign_asks(
    found: Found, name: str, audience: str
) -> None:
    conditions = ", ".join(AUDIENCES[audience])
    campaign = CAMPAIGN.format(id="c", match="all", conditions=conditions, more="")
    assert play(found(HEAD + TIERS + GIFT + campaign), name)


def test_a_campaign_is_left_by_its_own_conditions(found: Found) -> None:
    told = condition("tags", "contains_any", '["in"]')
    out = condition("tags", "contains_any", '["out"]')
    more = f"exit = {{ conditions = [ {out} ] }}"
    campaign = CAMPAIGN.format(id="c", match="any", conditions=told, more=more)
    steps: list[str] = []
    assert play(found(HEAD + campaign), "campaign.exited", steps=steps)
    assert any(step.startswith("changed tags") for step in steps)


def test_a_campaign_may_be_chosen(found: Found) -> None:
    texts = [
        CAMPAIGN.format(
            id=one, match="all", conditions=condition("tags", "contains_any", f'["{one}"]'), more=""
        )
        for one in ("a", "b")
    ]
    api = found(HEAD + "".join(texts))
    [entered] = play(api, "campaign.entered", {"campaign_id": "b"})
    facts = api.call("GET", "/v1/facts?type=campaign.entered")["items"]
    assert [
        fact["data"]["step"]["campaign"]["id"] for fact in facts if fact["id"] == entered.id
    ] == ["b"]
    with pytest.raises(ImpossibleError, match="no campaign nowhere"):
        play(api, "campaign.entered", {"campaign_id": "nowhere"})
