"""Lots: which is spent first, when each ends, and what comes back to one that has ended."""

import pytest

from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.reject_redemption import RejectRedemption
from stampbook.core.definition import Approval, Expiry
from stampbook.nouns.reward import Reward
from stampbook.values.ids import LotId
from tests.core.shop import Shop, at, expiring, gift

CHEAP = Reward(id="pen", name="Pen", sub_type="product", points=30)


def test_the_lot_that_expires_soonest_pays_first_and_one_that_never_expires_pays_last() -> None:
    shop = Shop(expiring("late", days=20), expiring("soon", days=2), expiring("never"))
    for activity in ("never", "late", "soon"):
        shop.award(60, activity)
    shop.redeem()
    assert shop.left() == {"late": 20, "never": 60}


def test_of_the_same_expiry_the_oldest_lot_pays_first() -> None:
    shop = Shop(
        expiring("first", end_of="month"),
        expiring("second", end_of="month"),
        expiring("third", end_of="month"),
    )
    shop.award(60, "third")
    shop.travel("2026-01-11 09:00")
    shop.award(60, "first")
    shop.travel("2026-01-12 09:00")
    shop.award(60, "second")
    shop.redeem()
    assert shop.left() == {"first": 20, "second": 60}


def test_of_the_same_age_the_lot_with_the_lowest_id_pays_first() -> None:
    shop = Shop(expiring("b", days=5), expiring("a", days=5))
    first, second = shop.award(60, "b"), shop.award(60, "a")
    redemption = shop.redeem().transaction
    assert [(share.lot_id, share.points) for share in redemption.paid] == [
        (first.lot_id, 60),
        (second.lot_id, 40),
    ]


@pytest.mark.parametrize(
    ("awarded", "expiry", "zone", "expires"),
    [
        ("2026-01-31 12:00", Expiry(months=1), "UTC", "2026-02-28 12:00"),
        ("2028-01-31 12:00", Expiry(months=1), "UTC", "2028-02-29 12:00"),
        ("2026-01-31 12:00", Expiry(months=1, days=1), "UTC", "2026-03-01 12:00"),
        ("2026-01-15 12:00", Expiry(end_of="month"), "UTC", "2026-02-01 00:00"),
        ("2026-01-31 12:00", Expiry(months=1, end_of="month"), "UTC", "2026-03-01 00:00"),
        ("2026-05-15 12:00", Expiry(end_of="quarter"), "UTC", "2026-07-01 00:00"),
        ("2026-05-15 12:00", Expiry(end_of="year"), "UTC", "2027-01-01 00:00"),
        # already the next month in Auckland, thirteen hours ahead
        ("2026-01-31 12:00", Expiry(end_of="month"), "Pacific/Auckland", "2026-02-28 11:00"),
        # the night when New York puts its clocks forward has one hour less, the other one more
        ("2026-03-07 17:00", Expiry(days=1), "America/New_York", "2026-03-08 16:00"),
        ("2026-10-31 16:00", Expiry(days=1), "America/New_York", "2026-11-01 17:00"),
    ],
)
def test_points_expire_by_the_calendar_of_the_program(
    awarded: str, expiry: Expiry, zone: str, expires: str
) -> None:
    shop = Shop(now=awarded, expiry=expiry, time_zone=zone)
    assert shop.award().expires_at == at(expires)


def test_at_the_very_instant_of_expiry_the_points_are_gone_without_a_sweep() -> None:
    shop = Shop(expiry=Expiry(days=1))
    shop.award()
    shop.travel("2026-01-11 08:59:59.999")
    assert shop.balances.available == 100
    shop.travel("2026-01-11 09:00")
    assert shop.balances.available == 0
    assert shop.balances.expired == 100
    command = RedeemReward(member_id="ada", reward_id="mug")
    assert shop.refusal(command) == "points.insufficient"


def test_an_expiry_happens_at_its_instant_however_late_it_is_noticed() -> None:
    shop = Shop(expiry=Expiry(days=1))
    shop.award()
    shop.travel("2026-06-01 00:00")
    shop.sweep()
    (expired,) = shop.last.facts
    assert (expired.type, expired.occurred_at) == ("points.expired", at("2026-01-11 09:00"))


def test_a_refund_goes_back_to_the_lots_that_paid() -> None:
    shop = Shop(expiring("soon", days=5), expiring("later", days=9))
    shop.award(60, "soon")
    shop.award(60, "later")
    coupon = shop.redeem().coupon
    assert shop.left() == {"later": 20}
    assert coupon
    shop.do(CancelCoupon(code=coupon.code))
    assert shop.left() == {"soon": 60, "later": 60}


def test_a_refund_to_a_lot_that_has_expired_expires_at_once() -> None:
    shop = Shop(expiring("soon", days=5), expiring("later", days=9))
    soon = shop.award(60, "soon")
    shop.award(60, "later")
    coupon = shop.redeem().coupon
    assert coupon
    shop.travel("2026-01-16 09:00")
    shop.do(CancelCoupon(code=coupon.code))
    assert shop.left() == {"later": 60}
    assert shop.balances.expired == 60
    assert "points.expired" in shop.facts()
    assert shop.state.lots[LotId(soon.lot_id or "")].remaining == 0


@pytest.mark.parametrize("by", ["refund", "release"])
def test_points_of_an_expired_lot_that_come_back_pay_no_debt(by: str) -> None:
    shop = Shop(rewards=(CHEAP,), expiry=Expiry(days=1), clawback="allow_debt", hold_minutes=2880)
    shop.award(30)
    redeemed = shop.redeem("pen", hold=by == "release")
    shop.deduct(50)
    shop.travel("2026-01-11 10:00")
    if by == "release":
        shop.do(RejectRedemption(transaction_id=redeemed.transaction.id))
    else:
        assert redeemed.coupon
        shop.do(CancelCoupon(code=redeemed.coupon.code))
    assert (shop.balances.expired, shop.balances.debt) == (30, 50)


def test_a_whole_balance_expires_after_so_many_days_without_an_activity() -> None:
    shop = Shop(inactivity_days=30)
    shop.award()
    shop.travel("2026-02-08 09:00")
    shop.award(1)
    shop.travel("2026-03-10 08:59")
    assert shop.balances.available == 101
    shop.travel("2026-03-10 09:00")
    assert (shop.balances.available, shop.balances.expired) == (0, 101)


def test_an_activity_counts_against_inactivity_even_while_its_points_wait() -> None:
    shop = Shop(gift("later", approval=Approval(method="manual")), inactivity_days=30)
    shop.award()
    shop.travel("2026-02-08 09:00")
    shop.award(1, "later")
    shop.travel("2026-03-10 08:59")
    assert shop.balances.available == 100
