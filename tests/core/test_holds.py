"""Holds: points and coupon are set aside, and come back when nobody approves in time."""

from stampbook.commands.approve_redemption import ApproveRedemption
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.reject_redemption import RejectRedemption
from stampbook.commands.use_coupon import UseCoupon
from stampbook.core.definition import Expiry
from stampbook.nouns.reward import Limit, Reward
from tests.core.shop import Shop, at

DAILY = Reward(
    id="daily",
    name="Daily",
    sub_type="custom",
    points=10,
    coupon="none",
    limit=Limit(times=1, per="day"),
)
CODE = Reward(id="code", name="Code", sub_type="fixed_amount", points=10, coupon="pool")
RARE = Reward(id="rare", name="Rare", sub_type="custom", points=10, coupon="none", stock=1)


def test_a_hold_sets_points_aside_and_its_coupon_cannot_be_used() -> None:
    shop = Shop()
    shop.award()
    held = shop.redeem(hold=True)
    assert (shop.balances.available, shop.balances.held) == (0, 100)
    assert held.coupon
    assert shop.refusal(UseCoupon(code=held.coupon.code)) == "coupon.not_usable"


def test_a_held_coupon_is_issued_by_the_approval_and_not_before() -> None:
    shop = Shop()
    shop.award()
    held = shop.redeem(hold=True)
    assert "coupon.issued" not in shop.facts()
    shop.do(ApproveRedemption(transaction_id=held.transaction.id))
    assert shop.facts() == ["points.redeemed", "coupon.issued"]
    assert held.coupon
    assert shop.do(UseCoupon(code=held.coupon.code)).coupon.status == "used"


def test_a_hold_times_out_at_its_instant_even_if_nobody_notices_until_later() -> None:
    shop = Shop()
    shop.award()
    held = shop.redeem(hold=True)
    shop.travel("2026-01-10 09:29:59.999")
    assert shop.balances.held == 100
    shop.travel("2026-03-01 00:00")
    approval = ApproveRedemption(transaction_id=held.transaction.id)
    assert shop.refusal(approval) == "transaction.not_pending"
    assert shop.balances.available == 100
    released = shop.state.transactions[held.transaction.id]
    assert (released.status, released.modified_at) == ("rejected", at("2026-01-10 09:30"))


def test_points_on_hold_do_not_expire_until_they_come_back() -> None:
    shop = Shop(expiry=Expiry(days=1), hold_minutes=2880)
    shop.award(150)
    held = shop.redeem(hold=True)
    shop.travel("2026-01-11 12:00")
    assert (shop.balances.held, shop.balances.expired) == (100, 50)
    shop.do(RejectRedemption(transaction_id=held.transaction.id))
    assert (shop.balances.held, shop.balances.expired) == (0, 150)


def test_a_hold_can_be_approved_after_its_points_would_have_expired() -> None:
    shop = Shop(expiry=Expiry(days=1), hold_minutes=2880)
    shop.award()
    held = shop.redeem(hold=True)
    shop.travel("2026-01-11 12:00")
    shop.do(ApproveRedemption(transaction_id=held.transaction.id))
    assert (shop.balances.redeemed, shop.balances.expired) == (100, 0)


def test_a_hold_of_yesterday_that_comes_back_leaves_the_limit_of_today_alone() -> None:
    shop = Shop(rewards=(DAILY,), now="2026-01-10 23:50")
    shop.award()
    shop.redeem("daily", hold=True)
    shop.travel("2026-01-11 00:05")
    shop.redeem("daily")
    shop.travel("2026-01-11 00:25")
    command = RedeemReward(member_id="ada", reward_id="daily")
    assert shop.refusal(command) == "reward.limit_reached"


def test_a_hold_of_today_that_comes_back_may_be_tried_again_today() -> None:
    shop = Shop(rewards=(DAILY,))
    shop.award()
    held = shop.redeem("daily", hold=True)
    shop.do(RejectRedemption(transaction_id=held.transaction.id))
    shop.redeem("daily")


def test_the_last_code_comes_back_to_the_pool_and_can_be_given_in_the_same_breath() -> None:
    shop = Shop(rewards=(CODE,), pools={"code": 1})
    shop.award()
    held = shop.redeem("code", hold=True)
    again = RedeemReward(member_id="ada", reward_id="code")
    assert shop.refusal(again) == "reward.out_of_stock"
    shop.travel("2026-01-10 09:30")
    given = shop.redeem("code")
    assert given.coupon
    assert held.coupon
    assert given.coupon.code == held.coupon.code


def test_a_code_that_came_back_waits_behind_the_others() -> None:
    shop = Shop(rewards=(CODE,), pools={"code": 3})
    shop.award()
    first, second = shop.redeem("code", hold=True), shop.redeem("code", hold=True)
    for held in (second, first):
        shop.do(RejectRedemption(transaction_id=held.transaction.id))
    given = [shop.redeem("code").transaction.coupon_code for _ in range(3)]
    assert given == ["code-0002", "code-0001", "code-0000"]


def test_stock_counts_holds_and_comes_back_with_them() -> None:
    shop = Shop(rewards=(RARE,))
    shop.do(EnrollMember(member_id="ben"))
    shop.award()
    shop.award(key="ben")
    held = shop.redeem("rare", hold=True)
    for_ben = RedeemReward(member_id="ben", reward_id="rare")
    assert shop.refusal(for_ben) == "reward.out_of_stock"
    shop.do(RejectRedemption(transaction_id=held.transaction.id))
    shop.do(for_ben)


def test_a_pool_runs_dry() -> None:
    shop = Shop(rewards=(CODE,), pools={"code": 2})
    shop.award()
    codes = [shop.redeem("code").transaction.coupon_code for _ in range(2)]
    assert codes == ["code-0000", "code-0001"]
    again = RedeemReward(member_id="ada", reward_id="code")
    assert shop.refusal(again) == "reward.out_of_stock"
