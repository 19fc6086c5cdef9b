"""Coupons of orders: used with the order, back with its cancellation, earned and withdrawn."""

from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.return_coupon import ReturnCoupon
from stampbook.commands.update_order import UpdateOrder
from stampbook.commands.use_coupon import UseCoupon
from stampbook.core.definition import Approval, CouponOffer, Orders
from stampbook.facts.order.recorded import OrderRecorded
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.reward import Reward
from tests.core.shop import ADA, GIFT, PURCHASE, Shop

TICKET = Reward(
    id="ticket",
    name="Ticket",
    sub_type="fixed_amount",
    points=40,
    value=5,
    coupon_days=2,
    minimum_order_amount=20,
)
AN_ORDER = RecordOrder(order_id="o-1", member_id=ADA, order_subtotal=30)
GIVEN = CouponOffer(id="next", name="Next time", value=3, days=30)


def shop_with(orders: Orders) -> tuple[Shop, str]:
    """Open a shop, and give the code of a ticket that Ada bought with 40 of 100 points."""
    shop = Shop(rewards=(TICKET,))
    shop.redefine(replace(shop.state.program.definition, orders=orders, coupons=(GIVEN,)))
    shop.award()
    return shop, shop.redeem("ticket").transaction.coupon_code or ""


def buy(shop: Shop, code: str, **fields: Any) -> Any:
    """Record an order of Ada's that names a coupon."""
    return shop.do(replace(AN_ORDER, **{"coupon_code": code, **fields}))


def coupon_of(shop: Shop, code: str) -> Coupon:
    coupon = shop.look().coupon(code)
    assert coupon is not None
    return coupon


def test_an_order_uses_its_coupon_and_says_what_it_was_bought_with() -> None:
    shop, code = shop_with(Orders())
    recorded = buy(shop, code)
    assert (recorded.coupon.status, recorded.coupon.used_by_order_id) == ("used", "o-1")
    assert (recorded.order.coupon_id, recorded.order.coins_spent) == (recorded.coupon.id, 40)
    assert shop.facts() == ["order.recorded", "coupon.updated", "points.earned"]
    told = shop.last.facts[0].data
    assert isinstance(told, OrderRecorded)
    assert told.order == recorded.order


def test_a_code_that_is_not_ours_is_only_a_text() -> None:
    shop, _ = shop_with(Orders())
    recorded = buy(shop, "SUMMER")
    assert (recorded.order.coupon_code, recorded.order.coupon_id) == ("SUMMER", None)
    assert (recorded.coupon, recorded.coupon_refused) == (None, None)


def test_a_coupon_that_was_used_at_the_till_is_not_used_twice_by_its_order() -> None:
    shop, code = shop_with(Orders())
    shop.do(UseCoupon(code=code, order_id="o-1"))
    assert buy(shop, code).order.coins_spent == 40
    assert "coupon.updated" not in shop.facts()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"order_subtotal": "19.99"}, "coupon.minimum_not_met"),
        ({"member_id": "ben"}, "coupon.of_another"),
    ],
)
def test_an_order_whose_coupon_may_not_be_used_is_recorded_all_the_same(
    fields: dict[str, Any], code: str
) -> None:
    shop, ticket = shop_with(Orders())
    shop.do(EnrollMember(member_id="ben"))
    recorded = buy(shop, ticket, **fields)
    assert recorded.coupon_refused.code == code
    assert recorded.order.coupon_id is None
    (refused,) = [one.data for one in shop.last.facts if isinstance(one.data, RewardRefused)]
    assert (refused.code, refused.order_id) == (code, "o-1")
    assert refused.member.member_id == fields.get("member_id", ADA)
    assert coupon_of(shop, ticket).status == "issued"


def test_a_second_order_with_the_same_coupon_is_told_so() -> None:
    shop, code = shop_with(Orders())
    buy(shop, code)
    assert buy(shop, code, order_id="o-2").coupon_refused.code == "coupon.already_used"
    assert coupon_of(shop, code).used_by_order_id == "o-1"


def test_the_minimum_is_compared_in_the_currency_of_the_program() -> None:
    shop, code = shop_with(Orders(rates={"JPY": 0.01}))
    assert buy(shop, code, currency="JPY", order_subtotal=1999).coupon_refused is not None
    shop, code = shop_with(Orders(rates={"JPY": 0.01}))
    assert buy(shop, code, currency="JPY", order_subtotal=2000).coupon_refused is None


@pytest.mark.parametrize(
    ("setting", "news", "status"),
    [
        ("never", {"status": "cancelled"}, "used"),
        ("cancelled", {"status": "cancelled"}, "issued"),
        ("cancelled", {"financial_status": "refunded"}, "used"),
        ("refunded", {"financial_status": "refunded"}, "issued"),
        ("refunded", {"status": "cancelled"}, "issued"),
        ("refunded", {"refunded": 10}, "used"),
    ],
)
def test_when_a_coupon_comes_back_is_a_setting(
    setting: Any, news: dict[str, Any], status: str
) -> None:
    shop, code = shop_with(Orders(restore_coupon=setting))
    buy(shop, code)
    shop.do(UpdateOrder(order_id="o-1", **news))
    assert coupon_of(shop, code).status == status
    shop.do(UpdateOrder(order_id="o-1", **news, delivery_status="back"))
    assert shop.facts() == ["order.updated"]


def test_the_points_that_bought_a_coupon_may_come_back_in_its_place() -> None:
    shop, code = shop_with(Orders(restore_coupon="cancelled", restore_as="points"))
    assert buy(shop, code).order.coins_spent == 40
    assert shop.balances.available == 90
    updated = shop.do(UpdateOrder(order_id="o-1", status="cancelled"))
    assert shop.balances.available == 100
    assert updated.order.coins_spent == 0
    assert coupon_of(shop, code).status == "cancelled"


def test_what_a_coupon_was_bought_with_comes_back_before_what_the_order_earned_is_taken() -> None:
    shop, code = shop_with(Orders(restore_coupon="cancelled", restore_as="points"))
    buy(shop, code)
    shop.deduct(80)
    assert shop.balances.available == 10
    shop.do(UpdateOrder(order_id="o-1", status="cancelled"))
    assert shop.facts() == ["order.updated", "coupon.updated", "points.deducted"]
    assert shop.balances.available == 20


def test_a_coupon_of_a_reward_says_where_a_click_applies_it() -> None:
    ticket = replace(TICKET, link="https://shop.example/discount/{code}", description="Off a ride")
    shop = Shop(rewards=(ticket,))
    shop.award()
    coupon = shop.redeem("ticket").coupon
    assert coupon is not None
    assert coupon.link == f"https://shop.example/discount/{coupon.code}"
    assert (coupon.name, coupon.description) == ("Ticket", "Off a ride")


def test_a_coupon_that_comes_back_too_late_has_expired() -> None:
    shop, code = shop_with(Orders(restore_coupon="cancelled"))
    buy(shop, code)
    shop.travel("2026-01-12 09:00")
    shop.do(UpdateOrder(order_id="o-1", status="cancelled"))
    assert coupon_of(shop, code).status == "expired"


def test_a_coupon_that_came_back_belongs_to_its_next_order() -> None:
    shop, code = shop_with(Orders(restore_coupon="refunded"))
    buy(shop, code)
    shop.do(UpdateOrder(order_id="o-1", financial_status="refunded"))
    assert buy(shop, code, order_id="o-2").coupon.used_by_order_id == "o-2"
    shop.do(UpdateOrder(order_id="o-1", status="cancelled"))
    assert coupon_of(shop, code).status == "used"


@pytest.mark.parametrize("method", ["immediate", "manual"])
def test_a_coupon_that_an_order_earned_goes_with_the_order(method: Any) -> None:
    shop, _ = shop_with(Orders())
    purchase = replace(PURCHASE, coupon="next", approval=Approval(method=method))
    shop.redefine(replace(shop.state.program.definition, activities=(GIFT, purchase)))
    shop.order("o-1", 30)
    (earned,) = [one for one in shop.settled(ADA).coupons.values() if one.offer_id == "next"]
    assert earned.order_id == "o-1"
    shop.do(UpdateOrder(order_id="o-1", status="cancelled"))
    gone = coupon_of(shop, earned.code)
    assert gone.status == ("cancelled" if method == "immediate" else "released")


def test_a_coupon_is_brought_back_by_hand() -> None:
    shop, code = shop_with(Orders())
    assert shop.refusal(ReturnCoupon(code=code)) == "coupon.not_used"
    shop.do(UseCoupon(code=code))
    returned = shop.do(ReturnCoupon(code=code)).coupon
    assert (returned.status, returned.used_at) == ("issued", None)
    assert shop.do(UseCoupon(code=code, order_id="o-3")).coupon.used_by_order_id == "o-3"
