"""Reminders: each once for its cause, at its own instant, whoever is late."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.update_member import UpdateMember
from stampbook.commands.use_coupon import UseCoupon
from stampbook.core.definition import Definition
from stampbook.core.growth import Reminders
from stampbook.facts import Fact
from stampbook.facts.coupon.unused import CouponUnused
from stampbook.facts.points.expiring import PointsExpiring
from stampbook.facts.points.unused import PointsUnused
from stampbook.nouns.reward import Reward
from stampbook.values.instants import Instant
from tests.core.shop import ADA, Shop, at, expiring

SHORT = expiring("short", days=10)
LONG = expiring("long", days=12)
MONTHLY = expiring("monthly", end_of="month")


def with_reminders(shop: Shop, **reminders: Any) -> Shop:
    """Give the shop other reminders; those of points that expire are off unless asked for."""
    settings = replace(Reminders(expiring_days=()), **reminders)
    definition: Definition = replace(shop.state.program.definition, reminders=settings)
    shop.redefine(definition)
    return shop


def stated(shop: Shop, kind: type) -> list[Fact]:
    """What was stated of a kind, after everything that is due was done."""
    shop.sweep()
    return [fact for fact in shop.everything.facts if isinstance(fact.data, kind)]


def expiries(shop: Shop) -> list[tuple[Instant, int, int]]:
    """The instant, the days and the points of each reminder of points that expire."""
    found = stated(shop, PointsExpiring)
    return [
        (fact.occurred_at, fact.data.days, fact.data.points)
        for fact in found
        if isinstance(fact.data, PointsExpiring)
    ]


def test_points_that_expire_are_reminded_of_once_for_each_number_of_days() -> None:
    shop = with_reminders(Shop(SHORT), expiring_days=(7, 2))
    shop.award(40, "short")
    shop.travel("2026-03-01 00:00")
    reminders = [(at("2026-01-13 00:00"), 7, 40), (at("2026-01-18 00:00"), 2, 40)]
    assert expiries(shop) == reminders
    assert expiries(shop) == reminders
    assert shop.balances.expired == 40


def test_points_of_one_day_are_reminded_of_together() -> None:
    shop = with_reminders(Shop(SHORT), expiring_days=(2,))
    shop.award(40, "short")
    shop.travel("2026-01-10 20:00")
    shop.award(5, "short")
    shop.travel("2026-03-01 00:00")
    [reminder] = stated(shop, PointsExpiring)
    assert isinstance(reminder.data, PointsExpiring)
    assert (reminder.data.points, reminder.data.expires_at) == (45, at("2026-01-20 09:00"))


def test_reminders_of_different_days_may_come_at_one_instant() -> None:
    shop = with_reminders(Shop(SHORT, LONG), expiring_days=(4, 2))
    shop.award(10, "short")
    shop.award(20, "long")
    shop.travel("2026-03-01 00:00")
    assert expiries(shop) == [
        (at("2026-01-16 00:00"), 4, 10),
        (at("2026-01-18 00:00"), 2, 10),
        (at("2026-01-18 00:00"), 4, 20),
        (at("2026-01-20 00:00"), 2, 20),
    ]


def test_only_what_is_left_is_reminded_of() -> None:
    shop = with_reminders(Shop(SHORT), expiring_days=(7, 2))
    shop.award(130, "short")
    shop.redeem()
    shop.travel("2026-01-15 00:00")
    assert expiries(shop) == [(at("2026-01-13 00:00"), 7, 30)]
    shop.deduct(30)
    shop.travel("2026-03-01 00:00")
    assert len(expiries(shop)) == 1


def test_a_lot_that_opens_after_the_instant_does_not_bring_it_back() -> None:
    shop = with_reminders(Shop(SHORT), expiring_days=(10, 9))
    shop.award(30, "short")  # at nine, and the reminder was due at midnight
    shop.travel("2026-01-12 00:00")
    assert expiries(shop) == [(at("2026-01-11 00:00"), 9, 30)]


def test_a_lot_that_opens_at_the_very_instant_is_new() -> None:
    cake = expiring("cake", days=7)
    shop = Shop(SHORT, replace(cake, on="birthday"))
    with_reminders(shop, expiring_days=(7, 5))
    shop.award(30, "short")
    shop.do(UpdateMember(member_id=ADA, birthdate=date(1990, 1, 13)))
    shop.travel("2026-03-01 00:00")
    assert expiries(shop) == [
        (at("2026-01-13 00:00"), 7, 30),  # the cake came with this instant
        (at("2026-01-15 00:00"), 5, 130),
    ]


def test_points_that_come_back_are_not_reminded_of_for_what_has_passed() -> None:
    shop = with_reminders(Shop(SHORT), expiring_days=(7, 2))
    shop.award(100, "short")
    held = shop.redeem(hold=True)
    shop.travel("2026-01-10 09:20")
    assert held.transaction.status == "pending"
    shop.travel("2026-01-14 00:00")  # the hold has timed out on the first day
    assert expiries(shop) == [(at("2026-01-13 00:00"), 7, 100)]


@pytest.mark.parametrize(
    ("zone", "now", "instant"),
    [
        # the night that has 23 hours: midnight is an hour further from the expiry
        ("Europe/Berlin", "2026-03-20 09:00", "2026-03-27 23:00"),
        ("America/New_York", "2026-02-27 15:00", "2026-03-07 05:00"),
        # the night of 25 hours
        ("Europe/Berlin", "2026-10-17 09:00", "2026-10-24 22:00"),
        # midnight that did not exist: the day began at one o'clock
        ("America/Sao_Paulo", "2018-10-27 12:00", "2018-11-04 03:00"),
        ("Asia/Beirut", "2026-03-21 12:00", "2026-03-28 22:00"),
        # midnight that the clock came back from
        ("America/Sao_Paulo", "2018-02-10 12:00", "2018-02-18 03:00"),
    ],
)
def test_a_reminder_comes_when_its_local_day_begins(zone: str, now: str, instant: str) -> None:
    shop = with_reminders(Shop(SHORT, now=now, time_zone=zone), expiring_days=(2,))
    shop.award(30, "short")
    shop.now += timedelta(days=30)
    assert expiries(shop) == [(at(instant), 2, 30)]


def test_the_end_of_a_month_is_the_day_on_which_points_are_gone() -> None:
    shop = with_reminders(Shop(MONTHLY, now="2028-02-10 09:00"), expiring_days=(2, 1))
    shop.award(30, "monthly")
    shop.travel("2028-04-01 00:00")
    assert expiries(shop) == [(at("2028-02-28 00:00"), 2, 30), (at("2028-02-29 00:00"), 1, 30)]


def test_a_year_at_once_is_the_same_as_many_small_steps() -> None:
    shops = [with_reminders(Shop(SHORT, LONG), expiring_days=(7, 4, 2)) for _ in range(3)]
    for shop in shops:
        shop.award(10, "short")
        shop.award(20, "long")
    once, hourly, settled = shops
    once.now += timedelta(days=365)
    for _ in range(365 * 4):
        hourly.now += timedelta(hours=6)
        hourly.sweep()
    settled.now += timedelta(days=365)
    settled.do(UpdateMember(member_id=ADA))
    assert expiries(once) == expiries(hourly) == expiries(settled)
    assert len(expiries(once)) == 6


def test_new_settings_do_not_remind_of_days_that_are_over() -> None:
    shop = with_reminders(Shop(SHORT))
    shop.award(30, "short")
    shop.travel("2026-01-15 12:00")
    with_reminders(shop, expiring_days=(7, 5, 2))
    shop.travel("2026-03-01 00:00")
    assert expiries(shop) == [(at("2026-01-15 00:00"), 5, 30), (at("2026-01-18 00:00"), 2, 30)]


@pytest.mark.parametrize(
    ("before", "after"),
    [("Europe/Berlin", "America/New_York"), ("Pacific/Kiritimati", "Pacific/Pago_Pago")],
)
def test_a_program_that_moves_does_not_repeat_itself(before: str, after: str) -> None:
    shop = with_reminders(Shop(SHORT, time_zone=before), expiring_days=(7, 2))
    shop.award(30, "short")
    shop.travel("2026-01-13 00:00")
    assert [days for _, days, _ in expiries(shop)] == [7]
    shop.redefine(replace(shop.state.program.definition, time_zone=after))
    shop.travel("2026-03-01 00:00")
    assert [days for _, days, _ in expiries(shop)] == [7, 2]


@pytest.mark.parametrize("status", ["blocked", "inactive"])
def test_nobody_reminds_the_blocked(status: Any) -> None:
    settings: dict[str, Any] = {"unused_points_days": 3, "unused_coupon_days": 3}
    shop = with_reminders(Shop(SHORT), expiring_days=(7, 2), **settings)
    shop.award(230, "short")
    shop.redeem()
    shop.do(UpdateMember(member_id=ADA, status=status))
    shop.travel("2026-01-18 12:00")
    shop.sweep()
    assert not stated(shop, PointsUnused)
    assert not stated(shop, CouponUnused)
    assert not expiries(shop)
    shop.do(UpdateMember(member_id=ADA, status="active"))
    shop.travel("2026-03-01 00:00")
    assert not expiries(shop)


def test_an_unused_balance_is_reminded_of_once_for_each_activity() -> None:
    shop = with_reminders(Shop(), unused_points_days=30, unused_points_minimum=50)
    shop.award(40)
    shop.travel("2026-06-01 00:00")
    assert not stated(shop, PointsUnused)
    shop.award(10)
    shop.travel("2026-12-01 00:00")
    shop.deduct(1)
    [reminder] = stated(shop, PointsUnused)
    assert isinstance(reminder.data, PointsUnused)
    assert (reminder.occurred_at, reminder.data.points) == (at("2026-07-01 00:00"), 50)
    shop.award(100)
    shop.travel("2027-12-01 00:00")
    assert len(stated(shop, PointsUnused)) == 2


def test_a_new_setting_reminds_those_who_were_away_already() -> None:
    shop = with_reminders(Shop())
    shop.award(40)
    shop.travel("2026-06-01 12:00")
    with_reminders(shop, unused_points_days=30)
    shop.travel("2026-06-02 00:00")
    [reminder] = stated(shop, PointsUnused)
    assert reminder.occurred_at == at("2026-06-01 12:00")


def test_a_coupon_that_is_not_used_is_reminded_of_once() -> None:
    rewards = (Reward(id="mug", name="Mug", sub_type="product", points=100),)
    shop = with_reminders(Shop(rewards=rewards), unused_coupon_days=5)
    shop.award(300)
    kept, used = shop.redeem(), shop.redeem()
    held = shop.redeem(hold=True)
    assert kept.coupon is not None
    assert used.coupon is not None
    assert held.coupon is not None
    shop.travel("2026-01-12 00:00")
    shop.do(UseCoupon(code=used.coupon.code))
    shop.travel("2027-01-12 00:00")
    [reminder] = stated(shop, CouponUnused)
    assert isinstance(reminder.data, CouponUnused)
    assert reminder.occurred_at == at("2026-01-15 09:00")
    assert reminder.data.coupon.code == kept.coupon.code
    assert shop.state.coupons[kept.coupon.code].reminded_at == reminder.occurred_at
    shop.travel("2028-01-12 00:00")
    assert len(stated(shop, CouponUnused)) == 1


def test_a_coupon_that_expires_is_not_reminded_of() -> None:
    rewards = (Reward(id="mug", name="Mug", sub_type="product", points=100, coupon_days=5),)
    shop = with_reminders(Shop(rewards=rewards), unused_coupon_days=5)
    shop.award(100)
    shop.redeem()
    shop.travel("2027-01-12 00:00")
    assert not stated(shop, CouponUnused)


def test_members_who_have_nothing_are_not_reminded() -> None:
    shop = with_reminders(Shop(), expiring_days=(30,), unused_points_days=1, unused_coupon_days=1)
    shop.do(EnrollMember(member_id="ben"))
    shop.now = datetime(2030, 1, 1, tzinfo=UTC)
    shop.sweep()
    assert {fact.type for fact in shop.everything.facts} == {"member.enrolled"}
