"""Coupons: used once, cancelled with or without a refund, and gone at their instant."""

import pytest

from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.commands.use_coupon import UseCoupon
from stampbook.nouns.reward import Reward
from tests.core.shop import Shop, at

TICKET = Reward(id="ticket", name="Ticket", sub_type="percentage", points=40, coupon_days=2)


def given() -> tuple[Shop, str]:
    """Give a shop and the code of a coupon that Ada has."""
    shop = Shop(rewards=(TICKET,))
    shop.award()
    return shop, shop.redeem("ticket").transaction.coupon_code or ""


def test_a_coupon_is_used_once() -> None:
    shop, code = given()
    coupon = shop.do(UseCoupon(code=code, order_id="o-1")).coupon
    assert (coupon.status, coupon.used_by_order_id) == ("used", "o-1")
    assert coupon.used_at == at("2026-01-10 09:00")
    assert shop.refusal(UseCoupon(code=code)) == "coupon.already_used"
    assert shop.refusal(CancelCoupon(code=code)) == "coupon.already_used"


@pytest.mark.parametrize(("refund", "available"), [(True, 100), (False, 60)])
def test_a_cancelled_coupon_may_give_its_points_back(*, refund: bool, available: int) -> None:
    shop, code = given()
    cancelled = shop.do(CancelCoupon(code=code, refund=refund))
    assert cancelled.points_returned == available - 60
    assert shop.balances.available == available
    assert shop.refusal(CancelCoupon(code=code)) == "coupon.not_usable"
    assert shop.refusal(UseCoupon(code=code)) == "coupon.not_usable"


def test_at_the_very_instant_of_its_expiry_a_coupon_is_gone_without_a_sweep() -> None:
    shop, code = given()
    shop.travel("2026-01-12 09:00")
    assert shop.refusal(UseCoupon(code=code)) == "coupon.expired"
    assert shop.refusal(CancelCoupon(code=code)) == "coupon.expired"
    shop, code = given()
    shop.travel("2026-01-12 08:59:59.999")
    shop.do(UseCoupon(code=code))


def test_an_expired_coupon_says_so_once() -> None:
    shop, _ = given()
    shop.travel("2026-02-01 00:00")
    shop.sweep()
    (fact,) = shop.last.facts
    assert (fact.type, fact.occurred_at) == ("coupon.updated", at("2026-01-12 09:00"))
    shop.sweep()
    assert shop.facts() == []


def test_codes_differ_and_an_unknown_code_is_not_found() -> None:
    shop, code = given()
    assert shop.redeem("ticket").transaction.coupon_code != code
    assert shop.refusal(UseCoupon(code="nobody's")) == "coupon.not_found"


def test_points_that_come_back_after_inactivity_expire_at_once() -> None:
    mug = Reward(id="mug", name="Mug", sub_type="product", points=100)
    shop = Shop(rewards=(mug,), inactivity_days=10)
    shop.award()
    code = shop.redeem().transaction.coupon_code or ""
    shop.travel("2026-01-21 09:00")
    cancelled = shop.do(CancelCoupon(code=code))
    assert cancelled.member.balances.available == 0
    assert shop.facts() == ["coupon.updated", "points.expired"]
