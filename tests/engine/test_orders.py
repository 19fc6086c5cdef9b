"""Orders and coupons over a database: each step is a batch of its own, so that all of it is read
from what is stored."""

from typing import Any

from msgspec.structs import replace

from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.issue_coupon import CouponIssued, IssueCoupon
from stampbook.commands.record_order import OrderRecorded, RecordOrder
from stampbook.commands.redeem_reward import RedeemReward, RewardRedeemed
from stampbook.commands.update_order import OrderUpdated, UpdateOrder
from stampbook.commands.use_coupon import UseCoupon
from stampbook.core.definition import Orders, Reward
from stampbook.engine.submission import Done, Outcome, Rejected
from stampbook.store.verify import verify
from tests.engine.shop import DEFINITION, PROGRAM, Shop, opened

CALLERS = 50

TICKET = Reward(id="ticket", name="Ticket", sub_type="fixed_amount", points=40, value=4)
SETTINGS = Orders(
    earn_when=("paid",),
    restore_coupon="cancelled",
    restore_as="points",
    rates={"JPY": 0.01},
)
RULES = replace(DEFINITION, rewards=(TICKET,), orders=SETTINGS)


def tell(shop: Shop, **fields: Any) -> OrderUpdated:
    return shop.done(UpdateOrder(order_id="o-1", **fields), OrderUpdated)


def sound(shop: Shop) -> bool:
    with shop.backend.read() as unit:
        return list(verify(unit, PROGRAM)) == []


def with_points(shop: Shop) -> None:
    shop.do(EnrollMember(member_id="ann"))
    shop.do(AwardPoints(member_id="ann", activity_id="visit"))


def test_an_order_in_another_currency_is_paid_refunded_and_cancelled(database_url: str) -> None:
    with opened(database_url, definition=RULES) as shop:
        with_points(shop)
        bought = shop.done(RedeemReward(member_id="ann", reward_id="ticket"), RewardRedeemed)
        assert bought.coupon is not None
        order = RecordOrder(
            order_id="o-1",
            member_id="ann",
            order_subtotal=3000,
            currency="jpy",
            coupon_code=bought.coupon.code,
            tags=("web",),
        )
        recorded = shop.done(order, OrderRecorded)
        assert recorded.transaction is None
        assert recorded.order.coins_spent == 40
        paid = tell(shop, financial_status="paid")
        assert paid.transaction is not None
        assert (paid.transaction.points, paid.member.balances.available) == (30, 40)
        assert (paid.order.coins_rewarded, paid.member.revenue) == (30, 30)
        partly = tell(shop, refunded=1000)
        assert (partly.member.balances.available, partly.member.revenue) == (30, 20)
        cancelled = tell(shop, status="cancelled")
        balances = cancelled.member.balances
        assert (balances.available, balances.redeemed, balances.deducted) == (50, 0, 30)
        assert (cancelled.member.number_of_purchases, cancelled.member.revenue) == (0, 0)
        assert (cancelled.order.coins_spent, cancelled.order.coins_rewarded) == (0, 0)
        again = tell(shop, status="cancelled", financial_status="paid", refunded=1000)
        assert again.transaction is None
        assert again.member.balances == balances
        assert sound(shop)


def kinds(outcomes: list[Outcome]) -> dict[str, int]:
    found: dict[str, int] = {}
    for outcome in outcomes:
        name = outcome.refused.code if isinstance(outcome, Rejected) else type(outcome).__name__
        found[name] = found.get(name, 0) + 1
    return found


def test_of_fifty_callers_one_uses_a_coupon(database_url: str) -> None:
    with (
        opened(database_url, definition=RULES) as one,
        opened(database_url, is_new=False) as two,
    ):
        one.do(EnrollMember(member_id="ann"))
        issued = one.done(IssueCoupon(member_id="ann", name="Sorry", value=5), CouponIssued)
        command = UseCoupon(code=issued.coupon.code)
        futures = [
            shop.engine.submit(shop.submission(command))
            for _ in range(CALLERS // 2)
            for shop in (one, two)
        ]
        outcomes = [future.result(60) for future in futures]
        assert kinds(outcomes) == {"Done": 1, "coupon.already_used": CALLERS - 1}
        assert sound(one)


def test_of_many_orders_one_uses_a_coupon_and_all_are_recorded(database_url: str) -> None:
    with (
        opened(database_url, definition=RULES) as one,
        opened(database_url, is_new=False) as two,
    ):
        one.do(EnrollMember(member_id="ann"))
        issued = one.done(IssueCoupon(member_id="ann", name="Sorry", value=5), CouponIssued)
        futures = [
            shop.engine.submit(
                shop.submission(
                    RecordOrder(
                        order_id=f"{name}-{number}",
                        member_id="ann",
                        order_subtotal=10,
                        coupon_code=issued.coupon.code,
                    )
                )
            )
            for number in range(10)
            for name, shop in (("a", one), ("b", two))
        ]
        outcomes = [future.result(60) for future in futures]
        assert kinds(outcomes) == {"Done": 20}
        used = one.rows('SELECT count(*) FROM customer_order WHERE body LIKE \'%"coupon_id":"%\'')
        refused = one.rows("SELECT count(*) FROM fact WHERE type = 'reward.refused'")
        assert (used, refused) == ([(1,)], [(19,)])
        assert all(isinstance(outcome, Done) for outcome in outcomes)
