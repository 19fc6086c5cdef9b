"""Birthdays: once a year, when the day begins where the program lives."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.update_member import UpdateMember
from stampbook.core.birthdays import day_in
from stampbook.core.definition import Computation
from stampbook.core.growth import Reminders
from stampbook.facts.points.earned import PointsEarned
from stampbook.values.instants import Instant
from tests.core.shop import ADA, Shop, at, gift

CAKE = gift("cake", on="birthday")
TOAST = gift("toast", on="anniversary")


def club(*activities: Any, now: str = "2026-01-10 09:00", time_zone: str = "UTC") -> Shop:
    shop = Shop(*(activities or (CAKE,)), now=now, time_zone=time_zone)
    return redefined(shop, activities or (CAKE,))


def redefined(shop: Shop, activities: Iterable[Any]) -> Shop:
    known = shop.state.program.definition
    others = tuple(one for one in known.activities if one.on in {"order", "request"})
    shop.redefine(
        replace(known, activities=(*others, *activities), reminders=Reminders(expiring_days=()))
    )
    return shop


def born(shop: Shop, day: str | None, **fields: Any) -> None:
    birthdate = date.fromisoformat(day) if day else None
    shop.do(UpdateMember(member_id=ADA, birthdate=birthdate, **fields))


def celebrated(shop: Shop, activity: str = "cake") -> list[Instant]:
    shop.sweep()
    return [
        fact.occurred_at
        for fact in shop.everything.facts
        if isinstance(fact.data, PointsEarned) and fact.data.transaction.activity_id == activity
    ]


def test_a_birthday_earns_once_a_year() -> None:
    shop = club()
    born(shop, "1990-05-17")
    shop.travel("2028-01-01 00:00")
    assert celebrated(shop) == [at("2026-05-17 00:00"), at("2027-05-17 00:00")]
    assert celebrated(shop) == [at("2026-05-17 00:00"), at("2027-05-17 00:00")]
    assert shop.balances.available == 200


def test_birthday_and_anniversary_are_different_days() -> None:
    shop = club(CAKE, TOAST)
    born(shop, "1990-05-17", anniversary_date=date(2020, 5, 17))
    shop.travel("2026-12-01 00:00")
    assert celebrated(shop) == celebrated(shop, "toast") == [at("2026-05-17 00:00")]
    shop.do(UpdateMember(member_id=ADA, anniversary_date=date(2020, 12, 31)))
    shop.travel("2028-01-02 00:00")
    assert celebrated(shop, "toast") == [at("2026-05-17 00:00"), at("2027-12-31 00:00")]


def test_the_29th_of_february_is_kept_on_the_28th() -> None:
    shop = club()
    born(shop, "2004-02-29")
    shop.travel("2029-01-01 00:00")
    assert celebrated(shop) == [
        at("2026-02-28 00:00"),
        at("2027-02-28 00:00"),
        at("2028-02-29 00:00"),
    ]


@given(st.dates(min_value=date(1900, 1, 1)), st.integers(1, 9998))
def test_every_year_has_the_day(day: date, year: int) -> None:
    found = day_in(day, year)
    assert (found.year, found.month) == (year, day.month)
    assert found.day == day.day or (day.month, day.day, found.day) == (2, 29, 28)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("Europe/Berlin", "1990-03-29", "2026-03-28 23:00"),
        ("Europe/Berlin", "1990-03-30", "2026-03-29 22:00"),
        ("America/New_York", "1990-11-02", "2026-11-02 05:00"),
        ("Asia/Beirut", "1990-03-29", "2026-03-28 22:00"),
        ("Pacific/Kiritimati", "1990-05-17", "2026-05-16 10:00"),
    ],
)
def test_the_day_begins_where_the_program_lives(zone: str, day: str, instant: str) -> None:
    shop = club(time_zone=zone)
    born(shop, day)
    shop.travel("2026-12-31 00:00")
    assert celebrated(shop) == [at(instant)]


def test_who_joins_on_their_birthday_is_celebrated_at_once() -> None:
    shop = club()
    shop.do(EnrollMember(member_id="ben", birthdate=date(1990, 1, 10)))
    shop.sweep()
    assert celebrated(shop) == [at("2026-01-10 09:00")]
    shop.do(DeductPoints(member_id="ben", points=100))
    assert len(celebrated(shop)) == 1


def test_who_tells_of_their_birthday_on_the_day_is_not_too_late() -> None:
    shop = club()
    shop.travel("2026-05-17 23:59")
    born(shop, "1990-05-17")
    assert celebrated(shop) == [at("2026-05-17 23:59")]


def test_who_tells_of_it_the_day_after_waits_a_year() -> None:
    shop = club()
    shop.travel("2026-05-18 00:00")
    born(shop, "1990-05-17")
    shop.travel("2027-05-17 00:00")
    assert celebrated(shop) == [at("2027-05-17 00:00")]


def test_a_birthdate_that_moves_is_no_second_birthday() -> None:
    shop = club()
    born(shop, "1990-02-01")
    shop.travel("2026-03-01 00:00")
    born(shop, "1990-08-01")
    shop.travel("2026-10-01 00:00")
    assert celebrated(shop) == [at("2026-02-01 00:00")]
    born(shop, None)
    shop.travel("2028-10-01 00:00")
    assert len(celebrated(shop)) == 1


def test_the_day_of_birth_is_no_birthday() -> None:
    shop = club(TOAST)
    shop.do(UpdateMember(member_id=ADA, anniversary_date=date(2026, 1, 10)))
    shop.travel("2027-06-01 00:00")
    assert celebrated(shop, "toast") == [at("2027-01-10 00:00")]


def test_a_day_before_the_activity_came_is_over() -> None:
    shop = club()
    born(shop, "1990-05-17", anniversary_date=date(1990, 5, 18))
    redefined(shop, ())
    shop.travel("2026-05-18 12:00")
    redefined(shop, (CAKE, TOAST))
    shop.travel("2026-12-01 00:00")
    assert celebrated(shop) == []
    assert celebrated(shop, "toast") == [at("2026-05-18 00:00")]


def test_the_blocked_have_no_birthday() -> None:
    shop = club()
    born(shop, "1990-05-17", status="blocked")
    shop.travel("2026-05-17 12:00")
    shop.sweep()
    born(shop, "1990-05-17", status="active")
    shop.travel("2027-01-01 00:00")
    assert celebrated(shop) == []


def test_a_birthday_worth_nothing_is_refused_and_told_once() -> None:
    shop = club(gift("cake", on="birthday", computation=Computation(kind="fixed")))
    born(shop, "1990-05-17")
    shop.travel("2026-12-01 00:00")
    assert celebrated(shop) == []
    told = [fact for fact in shop.everything.facts if fact.type == "points.refused"]
    assert len(told) == 1


def test_late_is_the_same_as_in_time() -> None:
    late, timely = club(CAKE, TOAST), club(CAKE, TOAST)
    for shop in (late, timely):
        born(shop, "1992-02-29", anniversary_date=date(2020, 12, 31))
    for _ in range(800):
        timely.now += timedelta(days=1)
        timely.sweep()
    late.now += timedelta(days=800)
    late.award(1)
    timely.award(1)
    assert celebrated(late) == celebrated(timely)
    assert celebrated(late, "toast") == celebrated(timely, "toast")
    assert late.balances == timely.balances


def test_the_last_year_of_the_calendar_has_no_birthdays() -> None:
    shop = club()
    born(shop, "9999-05-17")
    shop.travel("2030-01-01 00:00")
    assert celebrated(shop) == []
