"""Tiers: up at once, down by the end of a period or a deduction, overridden for a while."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.override_tier import OverrideTier
from stampbook.core.definition import Approval, Period, Tiers
from stampbook.nouns.reward import Reward
from tests.core.shop import LEVELS, PURCHASE, Shop, at, gift

YEARS = Period(kind="cycle", start_month=1, months=12)


def shop_with(*activities: Any, now: str = "2026-01-10 09:00", **tiers: Any) -> Shop:
    """Give a shop with three tiers."""
    return Shop(*activities, now=now, rewards=(), tiers=Tiers(levels=LEVELS, **tiers))


def test_a_member_rises_at_once_and_over_several_tiers() -> None:
    shop = shop_with()
    assert shop.standing.tier_id == "base"
    shop.award(99)
    assert shop.standing.tier_id == "base"
    shop.award(1)
    assert shop.facts() == ["points.earned", "tier.upgraded"]
    shop.award(200)
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("gold", 300)


def test_points_that_do_not_qualify_move_nobody() -> None:
    shop = shop_with(gift("bonus", qualifies_for_tier=False))
    shop.award(500, "bonus")
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("base", 0)


def test_pending_points_qualify_when_they_are_approved() -> None:
    waiting = gift("later", approval=Approval(method="after_days", days=2))
    shop = shop_with(waiting)
    shop.award(100, "later")
    assert shop.standing.tier_id == "base"
    shop.travel("2026-01-12 09:00")
    assert shop.standing.tier_id == "silver"


def test_spend_can_be_what_counts() -> None:
    shop = shop_with(basis="spend")
    shop.award(500)
    assert shop.standing.tier_id == "base"
    shop.order("o-1", "99.99")
    assert shop.standing.tier_id == "base"
    shop.order("o-2", "0.01")
    assert (shop.standing.tier_id, shop.standing.qualified_spend) == ("silver", 10_000)
    shop.give_back("o-2")
    assert shop.standing.tier_id == "base"


def test_a_tier_multiplies_what_is_earned_next() -> None:
    levels = (LEVELS[0], replace(LEVELS[1], multiplier=1.5))
    shop = Shop(tiers=Tiers(levels=levels))
    assert shop.award(None).points == 100
    assert shop.award(None).points == 150


def test_a_tier_opens_rewards() -> None:
    lounge = Reward(id="lounge", name="Lounge", sub_type="custom", points=10, tiers=("silver",))
    shop = Shop(rewards=(lounge,), tiers=Tiers(levels=LEVELS))
    shop.award(99)
    assert not shop.facts().count("reward.became_available")
    shop.award(1)
    shop.redeem("lounge")


def test_at_the_end_of_a_period_an_earned_tier_is_kept_and_the_count_starts_again() -> None:
    shop = shop_with(period=YEARS)
    shop.award(150)
    shop.travel("2027-01-01 00:00")
    shop.sweep()
    assert shop.facts() == ["tier.renewed"]
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("silver", 0)
    assert shop.standing.period_end == at("2028-01-01 00:00")


@pytest.mark.parametrize(("to", "tier"), [("earned", "base"), ("one_step", "silver")])
def test_at_the_end_of_a_period_a_tier_that_was_not_earned_again_is_lost(
    to: Any, tier: str
) -> None:
    shop = shop_with(period=YEARS, downgrade_to=to)
    shop.award(300)
    shop.travel("2027-12-31 23:59:59.999")
    assert shop.standing.tier_id == "gold"
    shop.travel("2028-01-01 00:00")
    assert shop.standing.tier_id == tier


def test_what_happens_at_the_very_end_of_a_period_counts_towards_the_next() -> None:
    waiting = gift("later", approval=Approval(method="after_days", days=1))
    shop = shop_with(waiting, now="2026-12-31 00:00", period=YEARS)
    shop.award(100, "later")
    shop.travel("2027-01-01 00:00")
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("silver", 100)


def test_a_period_may_be_counted_from_the_day_of_enrolment() -> None:
    shop = shop_with(now="2028-02-29 15:00", period=Period(kind="anniversary"))
    assert shop.standing.period_end == at("2029-02-28 00:00")
    shop.award(100)
    shop.travel("2029-02-28 00:00")
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("silver", 0)
    shop.travel("2030-02-28 00:00")
    assert shop.standing.tier_id == "base"
    assert shop.standing.period_end == at("2031-02-28 00:00")


def test_in_a_rolling_window_days_leave_one_by_one() -> None:
    shop = shop_with(period=Period(kind="rolling", days=3))
    shop.award(60)
    shop.travel("2026-01-11 09:00")
    shop.award(60)
    assert shop.standing.tier_id == "silver"
    shop.travel("2026-01-12 23:59:59.999")
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("silver", 120)
    shop.travel("2026-01-13 00:00")
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("base", 60)


def test_a_day_leaves_a_rolling_window_before_anything_new_comes_in() -> None:
    waiting = gift("later", approval=Approval(method="after_days", days=3))
    shop = shop_with(waiting, now="2026-01-10 00:00", period=Period(kind="rolling", days=3))
    shop.award(100)
    shop.award(10, "later")
    shop.travel("2026-01-13 00:00")
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("base", 10)


@pytest.mark.parametrize(
    ("settings", "tier"),
    [
        ({}, "base"),
        ({"downgrade_to": "one_step"}, "silver"),
        ({"downgrade_on_deduction": False}, "gold"),
    ],
)
def test_a_deduction_that_drops_a_member_under_the_threshold(
    settings: dict[str, Any], tier: str
) -> None:
    shop = shop_with(**settings)
    shop.award(300)
    shop.deduct(250)
    assert (shop.standing.tier_id, shop.standing.qualified_points) == (tier, 50)


def test_a_deduction_that_does_not_cross_the_threshold_moves_nobody() -> None:
    shop = shop_with(period=YEARS)
    shop.award(300)
    shop.travel("2027-06-01 00:00")
    shop.award(50)
    shop.deduct(50)
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("gold", 0)


def test_an_override_lasts_until_the_next_evaluation() -> None:
    shop = shop_with(period=YEARS)
    shop.do(OverrideTier(member_id="ada", tier_id="gold"))
    assert shop.facts() == ["tier.upgraded", "member.updated"]
    shop.award(100)
    assert (shop.standing.tier_id, shop.standing.overridden) == ("gold", True)
    shop.travel("2027-01-01 00:00")
    assert (shop.standing.tier_id, shop.standing.overridden) == ("silver", False)


def test_a_return_of_last_years_order_does_not_lift_an_overridden_member() -> None:
    shop = shop_with(period=YEARS, downgrade_on_deduction=False)
    shop.order("o-1", 100)
    shop.travel("2027-01-02 00:00")
    shop.award(150)
    shop.do(OverrideTier(member_id="ada", tier_id="base"))
    shop.give_back("o-1")
    assert (shop.standing.tier_id, shop.standing.overridden) == ("base", True)


def test_an_unknown_tier_is_refused() -> None:
    command = OverrideTier(member_id="ada", tier_id="platinum")
    assert shop_with().refusal(command) == "tier.not_found"


def test_a_lifetime_never_ends() -> None:
    shop = shop_with()
    shop.award(100)
    shop.travel("2040-01-01 00:00")
    assert (shop.standing.tier_id, shop.standing.period_end) == ("silver", None)


def test_the_order_that_lifts_a_member_by_spend_is_the_first_that_the_tier_multiplies() -> None:
    levels = (LEVELS[0], replace(LEVELS[1], multiplier=2))
    shop = Shop(tiers=Tiers(basis="spend", levels=levels))
    awarded = shop.order("o-1", 100).transaction
    assert PURCHASE.computation.multiplier == 1
    assert awarded
    assert awarded.points == 200


def test_a_return_takes_the_tier_even_where_the_points_are_spent() -> None:
    shop = Shop(tiers=Tiers(levels=LEVELS))
    shop.order("o-1", 300)
    for _ in range(3):
        shop.redeem()
    assert (shop.standing.tier_id, shop.balances.available) == ("gold", 0)
    assert shop.give_back("o-1").transaction is None
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("base", 0)


def test_a_rolling_tier_that_falls_by_steps_falls_again_a_window_later() -> None:
    shop = shop_with(period=Period(kind="rolling", days=30), downgrade_to="one_step")
    shop.award(300)
    shop.travel("2026-02-09 00:00")
    assert shop.standing.tier_id == "silver"
    shop.travel("2026-03-10 23:00")
    assert shop.standing.tier_id == "silver"
    shop.travel("2026-03-11 00:00")
    assert (shop.standing.tier_id, shop.standing.period_end) == ("base", None)


def test_what_is_deducted_leaves_a_rolling_window_with_what_it_was_taken_from() -> None:
    shop = shop_with(period=Period(kind="rolling", days=30))
    shop.award(100)
    shop.travel("2026-01-29 09:00")
    shop.deduct(100)
    shop.travel("2026-02-11 09:00")
    shop.award(100)
    assert (shop.standing.tier_id, shop.standing.qualified_points) == ("silver", 100)
