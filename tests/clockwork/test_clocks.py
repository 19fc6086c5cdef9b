"""Clocks: what falls due is done in due order, whoever moves the clock and however often."""

import pytest
from msgspec.structs import replace

from stampbook.clockwork.advance import advance
from stampbook.clockwork.loop import Clockwork
from stampbook.clockwork.sweep import Progress, sweep
from stampbook.commands.award_points import AwardPoints, PointsAwarded
from stampbook.core.refusals import Refused
from stampbook.store.admin import add_version
from tests.clockwork.stage import DAY, START, fill, moved, sound
from tests.engine.shop import DEFINITION, PROGRAM, START_MS, opened, version

REMINDERS = 4
"""Of each day on which points expire."""


def test_a_test_clock_does_on_its_way_what_falls_due(database_url: str) -> None:
    with opened(database_url, test_clock_ms=START_MS) as shop:
        fill(shop)
        report = moved(shop, START + 2 * DAY)
        assert (report.before, report.now, report.items) == (START, START + 2 * DAY, 5)
        assert shop.rows("SELECT DISTINCT available FROM member") == [(80,)]
        later = moved(shop, START + 190 * DAY)
        assert later.items == 5 * 2 * (1 + REMINDERS)
        assert shop.rows("SELECT DISTINCT available, due_at_ms FROM member") == [(0, None)]
        times = [row[0] for row in shop.rows("SELECT occurred_at_ms FROM fact ORDER BY position")]
        assert times == sorted(times)
        assert sound(shop)


def test_commands_live_in_the_time_of_their_clock(database_url: str) -> None:
    with opened(database_url, test_clock_ms=START_MS) as shop:
        fill(shop, 1)
        moved(shop, START + 30 * DAY)
        awarded = shop.done(AwardPoints(member_id="m0", activity_id="visit"), PointsAwarded)
        assert awarded.transaction.created_at == START + 30 * DAY


def test_an_advance_that_was_cut_short_is_resumed(database_url: str) -> None:
    class Cut(Exception):  # noqa: N818 - no error, a knife
        pass

    def cut(_: Progress) -> None:
        raise Cut

    with opened(database_url, test_clock_ms=START_MS) as shop:
        fill(shop)
        target = START + 200 * DAY
        with pytest.raises(Cut):
            advance(shop.engine, PROGRAM, target, cause="first", on_progress=cut)
        assert shop.rows("SELECT target_ms FROM program") != [(None,)]
        assert moved(shop, target).now == target
        assert shop.rows("SELECT available FROM member") == [(0,)] * 5
        assert shop.rows("SELECT target_ms FROM program") == [(None,)]
        assert sound(shop)


def test_steps_of_few_members_do_the_same(database_url: str) -> None:
    with opened(database_url, test_clock_ms=START_MS) as shop:
        fill(shop, 7)
        seen: list[Progress] = []
        done = sweep(
            shop.engine, PROGRAM, START + 200 * DAY, cause="s", on_progress=seen.append, members=2
        )
        assert done.items == 7 + 7 * 2 * (1 + REMINDERS)
        assert len(seen) > 7
        assert [each.reached for each in seen] == sorted(each.reached for each in seen)
        assert shop.rows("SELECT available FROM member") == [(0,)] * 7
        assert sound(shop)


def test_a_clock_that_is_real_or_ahead_refuses(database_url: str) -> None:
    with opened(database_url) as shop:
        refused = advance(shop.engine, PROGRAM, START + DAY, cause="c")
        assert isinstance(refused, Refused)
        assert refused.code == "clock.is_real"


def test_a_test_clock_never_goes_back(database_url: str) -> None:
    with opened(database_url, test_clock_ms=START_MS) as shop:
        moved(shop, START + DAY)
        for to in (START, START + DAY):
            refused = advance(shop.engine, PROGRAM, to, cause="c")
            assert isinstance(refused, Refused)
            assert refused.code == "clock.backwards"


def test_the_loop_does_what_real_time_makes_due(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        clockwork = Clockwork(shop.engine)
        assert clockwork.tick() == 0
        shop.clock.at_ms += 2 * 86_400_000
        assert clockwork.tick() == 5
        assert clockwork.tick() == 0
        assert shop.rows("SELECT DISTINCT available FROM member") == [(80,)]
        assert sound(shop)


def test_a_sweep_never_runs_ahead_of_real_time(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop, 1)
        assert sweep(shop.engine, PROGRAM, START + 300 * DAY, cause="early").items == 0
        assert shop.rows("SELECT available FROM member") == [(50,)]


def test_a_change_of_the_rules_makes_members_due(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        points = replace(DEFINITION.points, inactivity_days=10)
        new = version(replace(DEFINITION, points=points))
        with shop.backend.transaction() as unit:
            assert add_version(unit, PROGRAM, new, expected=7, created_at_ms=START_MS) is None
            assert add_version(unit, PROGRAM, new, expected=1, created_at_ms=START_MS) == 2
        shop.clock.at_ms += 13 * 86_400_000
        Clockwork(shop.engine).tick()
        assert shop.rows("SELECT DISTINCT available FROM member") == [(0,)]
        assert sound(shop)
