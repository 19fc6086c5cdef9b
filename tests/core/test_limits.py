"""Limits: caps of activities, limits of rewards, stock, dates and eligibility."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.award_points import AwardPoints
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.core.definition import Cap
from stampbook.nouns.reward import Limit, PointsEligibility, Reward
from tests.core.shop import PURCHASE, Shop, at, gift

QUIZ = AwardPoints(member_id="ada", activity_id="quiz", points=40)


def pen(**changes: Any) -> Reward:
    """Give a cheap reward without a coupon."""
    plain = Reward(id="pen", name="Pen", sub_type="custom", points=10, coupon="none")
    return replace(plain, **changes)


def quiz(*caps: Cap, zone: str = "UTC") -> Shop:
    """Give a shop with a capped quiz, on a Saturday at the end of a month."""
    return Shop(gift("quiz", caps=caps), now="2026-01-31 12:00", time_zone=zone)


@pytest.mark.parametrize(
    ("per", "still", "again"),
    [
        ("day", "2026-01-31 23:59:59.999", "2026-02-01 00:00"),
        ("week", "2026-02-01 23:59:59.999", "2026-02-02 00:00"),
        ("month", "2026-01-31 23:59:59.999", "2026-02-01 00:00"),
        ("lifetime", "2096-01-01 00:00", None),
    ],
)
def test_a_cap_counts_times_in_its_period(per: Any, still: str, again: str | None) -> None:
    shop = quiz(Cap(per=per, times=2))
    shop.do(QUIZ)
    shop.do(QUIZ)
    shop.travel(still)
    assert shop.refusal(QUIZ) == "activity.cap_reached"
    if again:
        shop.travel(again)
        shop.do(QUIZ)


def test_a_cap_counts_days_in_the_time_zone_of_the_program() -> None:
    shop = quiz(Cap(per="day", times=1), zone="Pacific/Auckland")
    shop.do(QUIZ)
    shop.travel("2026-02-01 10:59")
    assert shop.refusal(QUIZ) == "activity.cap_reached"
    shop.travel("2026-02-01 11:00")
    shop.do(QUIZ)


def test_an_award_over_a_cap_of_points_is_cut_to_what_is_left() -> None:
    shop = quiz(Cap(per="week", points=100))
    assert [shop.do(QUIZ).transaction.points for _ in range(3)] == [40, 40, 20]
    assert shop.refusal(QUIZ) == "activity.cap_reached"


def test_the_tightest_of_several_caps_holds() -> None:
    shop = quiz(Cap(per="month", points=70), Cap(per="day", points=30))
    assert shop.do(QUIZ).transaction.points == 30
    assert shop.refusal(QUIZ) == "activity.cap_reached"
    shop.travel("2026-02-01 12:00")
    assert shop.do(QUIZ).transaction.points == 30


def test_a_capped_order_is_recorded_and_earns_nothing() -> None:
    shop = Shop()
    capped = replace(PURCHASE, caps=(Cap(per="day", times=1),))
    shop.redefine(replace(shop.state.program.definition, activities=(capped,)))
    assert shop.order("o-1", 10).transaction
    second = shop.order("o-2", 10)
    assert second.transaction is None
    assert second.refused
    assert second.refused.code == "activity.cap_reached"
    assert shop.facts() == ["order.recorded", "points.refused"]


def redeem(**options: Any) -> RedeemReward:
    """Give a command for the pen."""
    return RedeemReward(member_id="ada", reward_id="pen", **options)


def test_a_limit_counts_redemptions_in_its_period() -> None:
    shop = Shop(rewards=(pen(limit=Limit(times=2, per="month")),), now="2026-01-31 12:00")
    shop.award()
    shop.do(redeem())
    shop.do(redeem(hold=True))
    assert shop.refusal(redeem()) == "reward.limit_reached"
    shop.travel("2026-02-01 00:00")
    shop.do(redeem())


def test_stock_is_how_many_may_ever_be_redeemed() -> None:
    shop = Shop(rewards=(pen(stock=1),))
    shop.award()
    shop.do(redeem())
    assert shop.refusal(redeem()) == "reward.out_of_stock"


@pytest.mark.parametrize(
    ("reward", "code"),
    [
        (pen(is_active=False), "reward.inactive"),
        (pen(starts_at=at("2026-01-10 09:00:00.001")), "reward.inactive"),
        (pen(ends_at=at("2026-01-10 09:00")), "reward.inactive"),
        (pen(tiers=("gold",)), "reward.not_eligible"),
        (pen(eligibility=PointsEligibility(points=101)), "reward.not_eligible"),
        (
            pen(eligibility=PointsEligibility(operator="greater_than", points=100)),
            "reward.not_eligible",
        ),
        (
            pen(eligibility=PointsEligibility(operator="less_than", points=100)),
            "reward.not_eligible",
        ),
        (pen(stock=0), "reward.out_of_stock"),
        (pen(points=101), "points.insufficient"),
    ],
)
def test_a_reward_is_closed_for_a_reason(reward: Reward, code: str) -> None:
    shop = Shop(rewards=(reward,))
    shop.award()
    assert shop.refusal(redeem()) == code


@pytest.mark.parametrize(
    "reward",
    [
        pen(starts_at=at("2026-01-10 09:00"), ends_at=at("2026-01-10 09:00:00.001")),
        pen(eligibility=PointsEligibility(points=100)),
        pen(eligibility=PointsEligibility(operator="at_most", points=100)),
        pen(stock=1),
        pen(points=100),
    ],
)
def test_a_reward_is_open_at_its_very_bound(reward: Reward) -> None:
    shop = Shop(rewards=(reward,))
    shop.award()
    shop.do(redeem())


@pytest.mark.parametrize(
    ("period", "still", "no_more"),
    [
        ("current_month", "2026-01-31 23:59", "2026-02-01 00:00"),
        ("current_year", "2026-12-31 23:59", "2027-01-01 00:00"),
        ("last_365_days", "2027-01-09 23:59", "2027-01-10 00:00"),
        ("lifetime", "2096-01-01 00:00", None),
    ],
)
def test_points_earned_count_in_their_period(period: Any, still: str, no_more: str | None) -> None:
    shop = Shop(rewards=(pen(eligibility=PointsEligibility(period=period, points=100)),))
    shop.award()
    shop.travel(still)
    shop.do(redeem())
    if no_more:
        shop.travel(no_more)
        assert shop.refusal(redeem()) == "reward.not_eligible"


@pytest.mark.parametrize(
    ("points", "price"), [(None, 20), (20, 20), (50, 50), (80, 80), (10, 0), (55, 0), (110, 0)]
)
def test_a_flexible_amount_is_a_multiple_of_its_step_within_its_bounds(
    points: int | None, price: int
) -> None:
    voucher = pen(sub_type="flexible_amount", points=20, step=10, points_max=100, value=0.1)
    shop = Shop(rewards=(voucher,))
    shop.award(500)
    command = redeem(points=points)
    if price:
        assert shop.do(command).transaction.points == price
    else:
        assert shop.refusal(command) == "reward.points_invalid"
