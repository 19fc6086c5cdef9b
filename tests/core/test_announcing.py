"""Announcing: a reward is spoken of when the balance crosses its price, or 80 % of it, and once."""

from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.nouns.reward import PointsEligibility, Reward
from tests.core.shop import MUG, Shop

AVAILABLE, NEAR = "reward.became_available", "reward.came_within_reach"
JUG = Reward(id="jug", name="Jug", sub_type="product", points=120)


def announced(shop: Shop, fact: str) -> list[str]:
    """Give the rewards that the last command announced."""
    return [
        entry.reward.id
        for stated in shop.last.facts
        if stated.type == fact
        for entry in getattr(stated.data, "rewards", ())
    ]


def test_crossing_a_price_announces_the_reward_once() -> None:
    shop = Shop()
    shop.award(99)
    assert announced(shop, AVAILABLE) == []
    shop.award(1)
    assert announced(shop, AVAILABLE) == ["mug"]
    shop.award(1)
    assert announced(shop, AVAILABLE) == []


def test_crossing_again_after_spending_announces_again() -> None:
    shop = Shop()
    shop.award(100)
    shop.redeem()
    shop.award(100)
    assert announced(shop, AVAILABLE) == ["mug"]


def test_coming_within_reach_is_announced_when_it_is_crossed() -> None:
    shop = Shop()
    shop.award(79)
    assert announced(shop, NEAR) == []
    shop.award(1)
    assert announced(shop, NEAR) == ["mug"]
    shop.award(1)
    assert announced(shop, NEAR) == []


def test_a_reward_that_became_affordable_at_a_stroke_was_never_within_reach() -> None:
    shop = Shop()
    shop.award(150)
    assert (announced(shop, AVAILABLE), announced(shop, NEAR)) == (["mug"], [])


def test_one_balance_may_bring_one_reward_near_and_another_within_the_purse() -> None:
    shop = Shop(rewards=(MUG, JUG))
    shop.award(100)
    assert (announced(shop, AVAILABLE), announced(shop, NEAR)) == (["mug"], ["jug"])


def test_the_share_that_is_within_reach_is_a_setting() -> None:
    shop = Shop(within_reach_percent=50)
    shop.award(50)
    assert announced(shop, NEAR) == ["mug"]


def test_a_falling_balance_announces_nothing() -> None:
    shop = Shop(rewards=(MUG, JUG))
    shop.award(150)
    shop.deduct(40)
    assert [fact for fact in shop.facts() if fact.startswith("reward.")] == []


def test_a_refund_that_crosses_the_price_announces_it() -> None:
    shop = Shop()
    shop.award(100)
    coupon = shop.redeem().coupon
    assert coupon
    shop.do(CancelCoupon(code=coupon.code))
    assert announced(shop, AVAILABLE) == ["mug"]


def test_earnings_that_only_pay_a_debt_announce_nothing() -> None:
    shop = Shop(clawback="allow_debt")
    shop.deduct(150)
    shop.award(200)
    assert announced(shop, AVAILABLE) == []
    shop.award(50)
    assert announced(shop, AVAILABLE) == ["mug"]


def test_a_reward_that_is_closed_to_the_member_is_not_announced() -> None:
    closed = Reward(
        id="closed",
        name="Closed",
        sub_type="custom",
        points=50,
        eligibility=PointsEligibility(points=1000),
    )
    shop = Shop(rewards=(closed,))
    shop.award(100)
    assert (announced(shop, AVAILABLE), announced(shop, NEAR)) == ([], [])


def test_a_reward_that_is_sold_out_is_not_announced() -> None:
    last = Reward(id="mug", name="Mug", sub_type="product", points=100, stock=1)
    shop = Shop(rewards=(last,))
    shop.award(100)
    assert announced(shop, AVAILABLE) == ["mug"]
    shop.redeem()
    shop.award(90)
    assert announced(shop, NEAR) == []
    shop.award(10)
    assert announced(shop, AVAILABLE) == []


def test_a_reward_whose_pool_is_empty_is_not_announced() -> None:
    pooled = Reward(id="mug", name="Mug", sub_type="product", points=100, coupon="pool")
    shop = Shop(rewards=(pooled,))
    shop.award(100)
    assert announced(shop, AVAILABLE) == []
