"""Clock processes: several at once, and killed in the middle, do everything once."""

import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing.queues import Queue
from threading import Barrier

import pytest

from stampbook.clockwork.advance import AdvanceReport, advance
from stampbook.clockwork.loop import Clockwork
from stampbook.clockwork.sweep import Progress, sweep
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.engine.submission import Done
from stampbook.store.backend import open_backend
from tests.clockwork.stage import DAY, DAY_MS, START, fill, moved, opened, sound
from tests.engine.shop import PROGRAM, START_MS, Shop

SPAWN = multiprocessing.get_context("spawn")
SEED_VARIABLE = "STAMPBOOK_TEST_KILL_SEED"
TARGET = START + 400 * DAY
KILLS = 4
LIVES_SECONDS = (0.05, 0.6)
LIFE_SECONDS_MAX = 100
MEMBERS = 400
END_SECONDS = 60


@pytest.fixture
def dice() -> random.Random:
    """The dice of a run: set the variable to the number that a failure printed."""
    seed = int(os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"{SEED_VARIABLE}={seed}\n")
    return random.Random(seed)


def crowd(shop: Shop, dice: random.Random) -> None:
    """Enrol many, some days apart, each with a few lots and an award that waits."""
    for first in range(0, MEMBERS, 50):
        keys = [f"m{number}" for number in range(first, first + 50)]
        commands = [EnrollMember(member_id=key) for key in keys] + [
            AwardPoints(member_id=key, activity_id=activity)
            for key in keys
            for activity in ("wait", *["visit"] * dice.randint(1, 3))
        ]
        outcomes = shop.all(shop.submission(each) for each in commands)
        assert all(isinstance(each, Done) for each in outcomes)
        moved(shop, START + (first + 1) * timedelta(hours=1))


def push(url: str) -> None:
    """Advance the clock, slowly, in a process of its own, which may be killed."""
    signal.alarm(LIFE_SECONDS_MAX)
    with opened(url, is_new=False) as shop:

        def linger(_: Progress) -> None:
            time.sleep(0.02)

        sweep(shop.engine, PROGRAM, TARGET, cause="push", on_progress=linger, members=5)


def push_together(url: str, ready: Barrier, items: "Queue[int]") -> None:
    """Advance the clock in a process of its own, at the same time as another."""
    with opened(url, is_new=False) as shop:

        def linger(_: Progress) -> None:
            time.sleep(0.05)  # so that the other one comes while this one is at it

        ready.wait(END_SECONDS)
        items.put(moved(shop, TARGET, on_progress=linger).items)


def nothing_twice(shop: Shop) -> None:
    """Each award that waited was approved once, and each lot expired once; nothing is left."""
    [(lots,)] = shop.rows("SELECT count(*) FROM lot")
    facts = Counter(row[0] for row in shop.rows("SELECT type FROM fact"))
    assert facts["points.pended"] == MEMBERS
    assert facts["points.earned"] == facts["points.expired"] == lots
    assert shop.rows("SELECT DISTINCT available FROM member") == [(0,)]
    assert shop.rows("SELECT count(*) FROM lot WHERE is_open") == [(0,)]
    assert shop.rows("SELECT DISTINCT now_ms, target_ms FROM program") == [
        (START_MS + 400 * DAY_MS, None)
    ]
    assert sound(shop)


def in_due_order(shop: Shop) -> bool:
    times = [row[0] for row in shop.rows("SELECT occurred_at_ms FROM fact ORDER BY position")]
    return times == sorted(times)


def test_an_advance_that_is_killed_goes_on_where_it_was(
    database_url: str, dice: random.Random
) -> None:
    with opened(database_url, test_clock_ms=START_MS) as shop:
        crowd(shop, dice)
    clocks: list[int] = []
    for _ in range(KILLS):
        process = SPAWN.Process(target=push, args=(database_url,))
        process.start()
        with opened(database_url, is_new=False) as shop:
            before = shop.count("fact")
            deadline = time.monotonic() + END_SECONDS
            while shop.count("fact") == before and process.is_alive():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(dice.uniform(*LIVES_SECONDS))
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL, "it was done before it was killed"
            clocks.append(shop.rows("SELECT now_ms FROM program")[0][0])
    with opened(database_url, is_new=False) as shop:
        assert clocks == sorted(clocks)
        assert moved(shop, TARGET).now == TARGET
        nothing_twice(shop)
        assert in_due_order(shop)


def test_two_processes_that_push_one_clock_do_everything_once(
    postgres_url: str, dice: random.Random
) -> None:
    with opened(postgres_url, test_clock_ms=START_MS) as shop:
        crowd(shop, dice)
        [(lots,)] = shop.rows("SELECT count(*) FROM lot")
        ready, done = SPAWN.Barrier(2), SPAWN.Queue()
        pushers = [
            SPAWN.Process(target=push_together, args=(postgres_url, ready, done)) for _ in range(2)
        ]
        for pusher in pushers:
            pusher.start()
        items = [done.get(timeout=END_SECONDS) for _ in pushers]
        for pusher in pushers:
            pusher.join(END_SECONDS)
        assert min(items) == 0, "the second one only waits"
        assert sum(items) <= lots + MEMBERS
        nothing_twice(shop)
        assert in_due_order(shop)


def test_sweeps_without_the_lock_do_everything_once(database_url: str, dice: random.Random) -> None:
    """The lock only spares work: two engines that fight leave the same rows."""
    with (
        opened(database_url, test_clock_ms=START_MS) as one,
        opened(database_url, is_new=False) as two,
    ):
        crowd(one, dice)
        with ThreadPoolExecutor(2) as threads:
            runs = [
                threads.submit(sweep, shop.engine, PROGRAM, TARGET, cause="fight", members=30)
                for shop in (one, two)
            ]
            assert all(run.result(END_SECONDS).finished for run in runs)
        report = advance(one.engine, PROGRAM, TARGET + DAY, cause="rest")
        assert isinstance(report, AdvanceReport)
        assert report.items == 0
        assert one.rows("SELECT DISTINCT available FROM member") == [(0,)]
        facts = Counter(row[0] for row in one.rows("SELECT type FROM fact"))
        assert facts["points.expired"] == one.count("lot")
        assert in_due_order(one)
        assert sound(one)


def test_two_loops_of_real_time_do_everything_once(database_url: str) -> None:
    with opened(database_url) as one, opened(database_url, is_new=False) as two:
        fill(one, 40)
        for shop in (one, two):
            shop.clock.at_ms += 3 * DAY_MS
        loops = [Clockwork(shop.engine, pause_seconds=0.01) for shop in (one, two)]
        for loop in loops:
            loop.start()
        deadline = time.monotonic() + END_SECONDS
        while one.rows("SELECT DISTINCT available FROM member") != [(80,)]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for loop in loops:
            loop.stop()
        earned = one.rows("SELECT count(*) FROM fact WHERE type = 'points.earned'")
        assert earned == [(80,)]
        assert sound(one)


def test_whoever_is_told_that_another_sweeps_does_not(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        shop.clock.at_ms += 3 * DAY_MS
        clockwork = Clockwork(shop.engine)
        with shop.backend.alone(f"sweep {PROGRAM}") as is_ours:
            assert is_ours
            assert clockwork.tick() == 0
        assert clockwork.tick() == 5


def test_a_name_is_held_by_one_backend_and_free_when_it_is_gone(postgres_url: str) -> None:
    one, two = open_backend(postgres_url), open_backend(postgres_url)
    with one.alone("a") as first, two.alone("a") as second, two.alone("b") as other:
        assert (first, second, other) == (True, False, True)
    with two.alone("a") as again:
        assert again
    holding = one.alone("a")
    assert holding.__enter__()
    with two.transaction() as unit:  # as if the holder's machine were gone
        unit.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_locks "
            "WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
        )
    with two.alone("a") as free:
        assert free
    holding.__exit__(None, None, None)
    one.close()
    two.close()
