"""Reminders, offers and birthdays on clocks: moved at once, moved often, or left to real time."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from msgspec.structs import replace

from stampbook.clockwork.loop import Clockwork
from stampbook.clockwork.sweep import sweep
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.core.definition import Activity, Computation, Expiry
from stampbook.core.growth import Reminders, Winback
from stampbook.engine.submission import Done
from stampbook.store.admin import add_version
from stampbook.values.instants import Instant, from_ms, to_ms
from tests.clockwork.stage import DAY, DAY_MS, START, moved, sound
from tests.engine.shop import DEFINITION, PROGRAM, START_MS, Shop, opened, version

CAKE = Activity(
    id="cake", name="Cake", on="birthday", computation=Computation(kind="fixed", points=10)
)
GROWN = replace(
    DEFINITION,
    time_zone="Europe/Berlin",
    activities=(
        *DEFINITION.activities,
        CAKE,
        Activity(
            id="month",
            name="Month",
            computation=Computation(kind="fixed", points=120),
            expiry=Expiry(months=1),
        ),
    ),
    reminders=Reminders(unused_points_days=40, unused_coupon_days=15),
    winback=Winback(
        after_days=50, activity="visit", bonus_activity="post", bonus_points=5, valid_days=20
    ),
)
LEAP_EVE = datetime(2027, 12, 31, 9, tzinfo=UTC)
FACTS = "SELECT type, occurred_at_ms, sequence, member FROM fact ORDER BY member, sequence"


def fill(shop: Shop) -> None:
    for number in range(3):
        key, born = f"m{number}", date(1996, 2, 29) + timedelta(days=number)
        for command in (
            EnrollMember(member_id=key, birthdate=born),
            AwardPoints(member_id=key, activity_id="month"),
            AwardPoints(member_id=key, activity_id="visit"),
            RedeemReward(member_id=key, reward_id="mug"),
        ):
            outcome = shop.do(command)
            assert isinstance(outcome, Done), outcome


def told(shop: Shop) -> list[tuple[Any, ...]]:
    """All facts in the order of their members, by the order in which these joined."""
    rows = shop.rows(FACTS)
    members = {member: number for number, member in enumerate(sorted({row[3] for row in rows}))}
    return [(members[member], sequence, kind, at) for kind, at, sequence, member in rows]


def instants(shop: Shop, kind: str) -> list[Instant]:
    sql = "SELECT DISTINCT occurred_at_ms FROM fact WHERE type = ? ORDER BY occurred_at_ms"
    return [from_ms(at) for (at,) in shop.rows(sql, (kind,))]


@pytest.fixture
def other_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A second database, to compare with."""
    return f"sqlite:///{copyfile(sqlite_template, tmp_path / 'other.db')}"


def test_a_year_at_once_is_a_year_of_small_steps(database_url: str, other_url: str) -> None:
    with opened(database_url, definition=GROWN, test_clock_ms=to_ms(LEAP_EVE)) as shop:
        fill(shop)
        moved(shop, LEAP_EVE + 366 * DAY)
        at_once = told(shop)
        assert sound(shop)
    with opened(other_url, definition=GROWN, test_clock_ms=to_ms(LEAP_EVE)) as shop:
        fill(shop)
        for step in range(1, 366 // 3 + 1):
            moved(shop, LEAP_EVE + step * 3 * DAY)
        assert told(shop) == at_once
    kinds = {kind for _, _, kind, _ in at_once}
    assert kinds >= {"points.expiring", "points.unused", "coupon.unused", "winback.offered"}


def test_each_thing_comes_at_its_instant(database_url: str) -> None:
    with opened(database_url, definition=GROWN, test_clock_ms=to_ms(LEAP_EVE)) as shop:
        fill(shop)
        moved(shop, LEAP_EVE + 366 * DAY)
        # Berlin is an hour ahead in winter and two in summer; points of the month end on the 31st
        assert instants(shop, "coupon.unused") == [LEAP_EVE + 15 * DAY]
        assert instants(shop, "points.unused")[0] == LEAP_EVE + 40 * DAY
        assert instants(shop, "winback.offered")[0] == LEAP_EVE + 50 * DAY
        cakes = shop.rows(
            "SELECT created_at_ms FROM points_transaction WHERE kind = 'award' AND points = 10"
            " ORDER BY created_at_ms"
        )
        midnights = [(2, 28), (2, 29), (3, 1)]  # in Berlin the next day has begun
        assert [from_ms(at) for (at,) in cakes] == [
            datetime(2028, month, day, 23, tzinfo=UTC) for month, day in midnights
        ]
        # 30 days before 31 January is the 1st, and the points were there already
        assert instants(shop, "points.expiring")[:4] == [
            datetime(2027, 12, 31, 23, tzinfo=UTC),
            datetime(2028, 1, 15, 23, tzinfo=UTC),
            datetime(2028, 1, 23, 23, tzinfo=UTC),
            datetime(2028, 1, 28, 23, tzinfo=UTC),
        ]


def test_a_command_finds_done_what_no_sweep_did(database_url: str) -> None:
    with opened(database_url, definition=GROWN) as shop:
        fill(shop)
        shop.clock.at_ms += 60 * DAY_MS
        for number in range(3):
            visit = AwardPoints(member_id=f"m{number}", activity_id="visit")
            assert isinstance(shop.do(visit), Done)
        assert instants(shop, "winback.offered") == [START + 50 * DAY]
        pending = "SELECT points FROM points_transaction WHERE status = 'pending'"
        assert shop.rows(pending) == [(5,)] * 3  # the bonus, which waits for a moderator
        told_so_far = told(shop)
        Clockwork(shop.engine).tick()
        assert told(shop) == told_so_far
        assert sound(shop)


def test_new_rules_reach_those_who_are_away(database_url: str) -> None:
    with opened(database_url) as shop:
        fill_plainly = AwardPoints(member_id="m0", activity_id="visit")
        assert isinstance(shop.do(EnrollMember(member_id="m0", birthdate=date(1990, 7, 1))), Done)
        assert isinstance(shop.do(fill_plainly), Done)
        shop.clock.at_ms += 100 * DAY_MS
        with shop.backend.transaction() as unit:
            at_ms = shop.clock.at_ms
            assert add_version(unit, PROGRAM, version(GROWN), expected=1, created_at_ms=at_ms) == 2
        shop.clock.at_ms += DAY_MS
        sweep(shop.engine, PROGRAM, from_ms(shop.clock.at_ms), cause="sweep")
        since = [from_ms(START_MS + 100 * DAY_MS)]
        assert instants(shop, "winback.offered") == since
        assert instants(shop, "points.unused") == since
        # the birthday was over before the program kept birthdays
        assert shop.rows("SELECT count(*) FROM points_transaction") == [(1,)]
        assert sound(shop)
