"""Calendars: what falls due at month ends, on leap days and in nights when clocks change."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile

import pytest
from msgspec.structs import replace

from stampbook.clockwork.loop import Clockwork
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.core.definition import Definition, Expiry, Level, Period, Tiers
from stampbook.engine.submission import Done
from stampbook.store.backend import Row
from stampbook.values.instants import Instant, to_ms
from tests.clockwork.stage import DAY, QUIET, START, fill, moved, opened, sound
from tests.engine.shop import START_MS, Shop

MS = timedelta(milliseconds=1)
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
LEVELS = (
    Level(id="blue", name="Blue", threshold=0),
    Level(id="red", name="Red", threshold=40),
)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> Instant:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def expiring(expiry: Expiry, zone: str) -> Definition:
    return replace(QUIET, time_zone=zone, points=replace(QUIET.points, expiry=expiry))


def visit(shop: Shop) -> None:
    for command in (
        EnrollMember(member_id="ann"),
        AwardPoints(member_id="ann", activity_id="visit"),
    ):
        assert isinstance(shop.do(command), Done)


def facts(shop: Shop) -> list[Row]:
    return shop.rows(
        "SELECT type, member_id, sequence, occurred_at_ms FROM fact "
        "JOIN member ON member.id = fact.member ORDER BY member_id, sequence"
    )


@pytest.mark.parametrize(
    ("start", "expiry", "zone", "end"),
    [
        (at(2027, 1, 31, 9), Expiry(months=1), BERLIN, at(2027, 2, 28, 9)),
        (at(2028, 1, 31, 9), Expiry(months=1), BERLIN, at(2028, 2, 29, 9)),
        (at(2028, 2, 29, 9), Expiry(months=12), BERLIN, at(2029, 2, 28, 9)),
        (at(2027, 2, 10, 9), Expiry(end_of="month"), BERLIN, at(2027, 2, 28, 23)),
        (at(2028, 2, 10, 9), Expiry(end_of="month"), NEW_YORK, at(2028, 3, 1, 5)),
        (at(2028, 2, 28, 9), Expiry(days=1), NEW_YORK, at(2028, 2, 29, 9)),
        # the nights in which the clocks change: the local time of day stays, or comes an hour later
        (at(2027, 3, 27, 11), Expiry(days=1), BERLIN, at(2027, 3, 28, 10)),
        (at(2027, 3, 27, 1, 30), Expiry(days=1), BERLIN, at(2027, 3, 28, 1, 30)),
        (at(2027, 10, 30, 0, 30), Expiry(days=1), BERLIN, at(2027, 10, 31, 0, 30)),
        (at(2027, 10, 30, 10), Expiry(end_of="month"), BERLIN, at(2027, 10, 31, 23)),
        (at(2027, 4, 3, 1), Expiry(days=1), LORD_HOWE, at(2027, 4, 4, 1, 30)),
    ],
)
def test_points_are_gone_at_their_instant_and_not_before(
    database_url: str, start: Instant, expiry: Expiry, zone: str, end: Instant
) -> None:
    definition = expiring(expiry, zone)
    with opened(database_url, definition=definition, test_clock_ms=to_ms(start)) as shop:
        visit(shop)
        assert moved(shop, end - MS).items == 0
        assert shop.rows("SELECT available FROM member") == [(50,)]
        assert moved(shop, end).items == 1
        assert shop.rows("SELECT available FROM member") == [(0,)]
        assert facts(shop)[-1] == ("points.expired", "ann", 3, to_ms(end))


def test_a_leap_day_comes_once_in_four_years(database_url: str) -> None:
    tiers = Tiers(levels=LEVELS, period=Period(kind="anniversary"))
    definition = replace(QUIET, tiers=tiers, time_zone=BERLIN)
    start = at(2028, 2, 29, 12)
    with opened(database_url, definition=definition, test_clock_ms=to_ms(start)) as shop:
        assert isinstance(shop.do(EnrollMember(member_id="ann")), Done)
        moved(shop, at(2032, 3, 15))
        ends = [row[3] for row in facts(shop) if row[0] == "tier.renewed"]
        days = [(2029, 2, 27), (2030, 2, 27), (2031, 2, 27), (2032, 2, 28)]
        assert ends == [to_ms(at(*day, 23)) for day in days]


@pytest.mark.parametrize("seed", range(3))
def test_many_steps_leave_what_one_step_leaves(
    database_url: str, sqlite_template: Path, tmp_path: Path, seed: int
) -> None:
    """With a clock that stands still now and then, because nobody moves it."""
    dice = random.Random(seed)
    tiers = Tiers(levels=LEVELS, period=Period(kind="cycle", months=1))
    definition = replace(expiring(Expiry(months=2), BERLIN), tiers=tiers)
    with opened(database_url, definition=definition, test_clock_ms=START_MS) as shop:
        fill(shop, 6)
        reached = START
        while reached < START + 300 * DAY:
            reached = min(reached + dice.random() * 40 * DAY, START + 300 * DAY)
            reached -= timedelta(microseconds=reached.microsecond % 1000)
            moved(shop, reached)
            still = facts(shop)
            assert Clockwork(shop.engine).tick() == 0
            assert facts(shop) == still
        many = facts(shop)
        assert sound(shop)
    other_url = f"sqlite:///{copyfile(sqlite_template, tmp_path / 'other.db')}"
    with opened(other_url, definition=definition, test_clock_ms=START_MS) as shop:
        fill(shop, 6)
        moved(shop, START + 300 * DAY)
        assert many == facts(shop)
