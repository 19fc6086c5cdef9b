"""Deductions: what is taken when the balance covers it, and when it does not."""

from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.return_order import ReturnOrder
from tests.core.shop import Shop

TAKE_150 = DeductPoints(member_id="ada", points=150)


def test_only_what_is_available_is_taken_by_default() -> None:
    shop = Shop()
    shop.award()
    deduction = shop.deduct(150)
    assert (deduction.points, shop.balances.available, shop.balances.debt) == (100, 0, 0)


def test_nothing_available_is_nothing_to_take() -> None:
    assert Shop().refusal(TAKE_150) == "points.insufficient"


def test_a_program_may_refuse_a_deduction_that_is_not_covered() -> None:
    shop = Shop(clawback="refuse")
    shop.award()
    assert shop.refusal(TAKE_150) == "points.insufficient"
    assert shop.balances.available == 100
    assert shop.deduct(100).points == 100


def test_a_program_may_let_the_balance_go_below_zero() -> None:
    shop = Shop(clawback="allow_debt")
    shop.award()
    assert shop.deduct(150).points == 150
    assert (shop.balances.available, shop.balances.debt) == (-50, 50)


def test_the_next_earnings_pay_a_debt_back() -> None:
    shop = Shop(clawback="allow_debt")
    shop.deduct(150)
    shop.award(100)
    assert (shop.balances.available, shop.balances.debt, shop.left()) == (-50, 50, {})
    shop.award(80)
    assert (shop.balances.available, shop.balances.debt, shop.left()) == (30, 0, {"gift": 30})
    assert shop.balances.earned == 180


def test_a_member_who_owes_points_cannot_spend() -> None:
    shop = Shop(clawback="allow_debt")
    shop.deduct(150)
    shop.award(200)
    command = RedeemReward(member_id="ada", reward_id="mug")
    assert shop.refusal(command) == "points.insufficient"


def test_a_refused_return_leaves_the_order_as_it_was() -> None:
    shop = Shop(clawback="refuse")
    shop.order("o-1", 100)
    shop.redeem()
    assert shop.refusal(ReturnOrder(order_id="o-1")) == "points.insufficient"
    shop.award()
    assert shop.give_back("o-1").order.returned_in_full


def test_a_return_of_an_order_whose_points_are_spent_takes_only_what_is_there() -> None:
    shop = Shop()
    shop.order("o-1", 130)
    shop.redeem()
    returned = shop.give_back("o-1")
    assert returned.transaction
    assert returned.transaction.points == 30
    assert returned.order.returned_in_full


def test_a_return_when_nothing_is_left_is_still_a_return() -> None:
    shop = Shop()
    shop.order("o-1", 100)
    shop.redeem()
    returned = shop.give_back("o-1")
    assert returned.transaction is None
    assert returned.order.returned_in_full
