"""Replays that are killed in the middle, and endpoints that leave and come back under load."""

import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from stampbook.bootstrap import ids
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.core.lease import EndpointKey
from stampbook.core.replays import Limits, ReplayKey
from stampbook.delivery.call import Policy
from stampbook.delivery.replaying import Replaying
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.delivery.sender import Sender
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.engine.clock import real_ms
from stampbook.engine.submission import Done
from stampbook.store.backend import open_backend
from stampbook.store.deliveries import Deliveries
from stampbook.store.replay_pieces import Means
from tests.delivery.past import Past, past
from tests.delivery.sink import Sink, running_sink
from tests.delivery.stage import a_secret

SPAWN = multiprocessing.get_context("spawn")
SEED_VARIABLE = "STAMPBOOK_TEST_KILL_SEED"
MEMBERS = 40
VISITS = 400
KILLS = 2
PIECES = (1, 80)
"""How many pieces a process does before it is killed: never all of them."""
LIFE_SECONDS_MAX = 100
END_SECONDS = 60
BY_TWOS = Limits(waiting=1_000_000, piece=2, looked_at=4, join=2)
RETURNS = 4


@pytest.fixture
def dice() -> random.Random:
    """The dice of a run: set the variable to the number that a failure printed."""
    seed = int(os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"{SEED_VARIABLE}={seed}\n")
    return random.Random(seed)


def push(url: str) -> None:
    """Do replays in a process of its own, which is killed."""
    signal.alarm(LIFE_SECONDS_MAX)
    runner = Replaying(open_backend(url), Means(now_ms=real_ms, new_id=ids(), limits=BY_TWOS))
    while True:
        runner.tick()


def crowd(it: Past, dice: random.Random) -> None:
    """Enrol many, who come some more times."""
    members = [f"m{number}" for number in range(MEMBERS)]
    commands = [
        *(EnrollMember(member_id=member) for member in members),
        *(AwardPoints(member_id=dice.choice(members), activity_id="visit") for _ in range(VISITS)),
    ]
    outcomes = it.shop.all(it.shop.submission(each) for each in commands)
    assert all(isinstance(each, Done) for each in outcomes)


@pytest.mark.parametrize("kind", ["replay", "redrive", "backfill"])
def test_a_replay_that_is_killed_loses_and_doubles_nothing(
    database_url: str, kind: str, dice: random.Random
) -> None:
    with past(database_url) as it:
        key = it.endpoint(event_types=() if kind == "redrive" else ("tier.renewed",))
        if kind == "backfill":
            it.deactivate(key)
        crowd(it, dice)
        it.settle(key, "failed")
        with it.shop.backend.transaction() as unit:
            unit.run("UPDATE endpoint SET event_types = '[]'")
        if kind == "backfill":
            backfill = it.activate(key).backfill
            assert backfill is not None
            replay = ReplayKey(*key, backfill.id)
        else:
            replay = it.begun(key, "redrive" if kind == "redrive" else "replay")
        for _ in range(KILLS):
            kill_one(it, database_url, replay, dice)
        it.limits = Limits(waiting=1_000_000)
        assert it.finish(replay).state == "finished"
        assert it.sent(key) == it.facts()
        assert it.read(replay).queued == len(it.facts())
        assert it.sound()


def kill_one(it: Past, url: str, replay: ReplayKey, dice: random.Random) -> None:
    before = it.read(replay).queued
    enough = before + BY_TWOS.piece * dice.randint(*PIECES)
    process = SPAWN.Process(target=push, args=(url,))
    process.start()
    deadline = time.monotonic() + END_SECONDS
    while it.read(replay).queued < enough:
        assert process.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    done = it.read(replay)
    assert not done.is_over, "it was done before it was killed"
    waiting = Counter(row[2] for row in it.rows(EndpointKey(*replay[:2])))["pending"]
    assert waiting == done.queued > before


@contextmanager
def delivering(it: Past, url: str, key: EndpointKey) -> Generator[Sink]:
    """Let a worker deliver and two others replay, in real time, on connections of their own."""
    vault = Vault([new_master_key()])
    with running_sink() as sink:
        with it.shop.backend.transaction() as unit:
            sealed = vault.seal([a_secret()])
            unit.run(
                "UPDATE endpoint SET url = ?, secrets = ? WHERE id = ?",
                (sink.url("/"), sealed, key.endpoint_id),
            )
        backend, new_id = open_backend(url), ids()
        worker = Worker(
            queue=Deliveries(backend, new_id),
            sender=Sender[Sent](Policy(allow_private=True, certificates=None, user_agent="T")),
            vault=vault,
            world=World(now_ms=real_ms, fraction=random.random),
        )
        thread = Thread(target=worker.run, daemon=True)
        means = Means(
            now_ms=real_ms, new_id=new_id, limits=Limits(waiting=40, piece=10, looked_at=50)
        )
        runners = [Replaying(backend, means, pause_seconds=0.01) for _ in range(2)]
        thread.start()
        for runner in runners:
            runner.start()
        try:
            yield sink
        finally:
            for runner in runners:
                runner.stop()
            worker.stop()
            thread.join()
            backend.close()


def keep_coming(it: Past, stopping: Event, dice: random.Random) -> None:
    """Enrol members and let them come again, several at once, until told to stop."""
    members = [f"m{number}" for number in range(MEMBERS)]
    it.shop.all(it.shop.submission(EnrollMember(member_id=member)) for member in members)
    while not stopping.wait(0.005):
        it.shop.clock.at_ms = max(it.shop.clock.at_ms, real_ms())
        visits = [
            AwardPoints(member_id=dice.choice(members), activity_id="visit")
            for _ in range(dice.randint(1, 4))
        ]
        outcomes = it.shop.all(it.shop.submission(each) for each in visits)
        assert all(isinstance(each, Done) for each in outcomes)


@pytest.mark.parametrize("ordering", ["member", "endpoint"])
def test_an_endpoint_that_leaves_and_comes_back_under_load_is_sent_all_in_order(
    database_url: str, ordering: str, dice: random.Random
) -> None:
    with past(database_url, writers=2) as it:
        key = it.endpoint(ordering=ordering)
        stopping = Event()
        traffic = Thread(target=keep_coming, args=(it, stopping, random.Random(dice.random())))
        with delivering(it, database_url, key) as sink:
            traffic.start()
            for _ in range(RETURNS):
                time.sleep(dice.uniform(0.05, 0.3))
                it.deactivate(key)
                time.sleep(dice.uniform(0, 0.2))
                it.activate(key)
            stopping.set()
            traffic.join()
            facts = it.facts()
            deadline = time.monotonic() + END_SECONDS
            while len({one.headers["webhook-id"] for one in sink.received}) < len(facts):
                assert time.monotonic() < deadline, (len(sink.received), len(facts))
                time.sleep(0.05)
        assert it.shop.rows("SELECT count(*) FROM endpoint WHERE backfill IS NULL") == [(1,)]
        assert it.sent(key) == facts
        arrived = list(dict.fromkeys(one.headers["webhook-id"] for one in sink.received))
        assert sorted(arrived) == sorted(facts)
        if ordering == "endpoint":
            assert arrived == facts
        numbers: dict[str, list[int]] = {}
        for fact in arrived:
            [(member, sequence)] = it.shop.rows(
                "SELECT member, sequence FROM fact WHERE id = ?", (fact,)
            )
            numbers.setdefault(member, []).append(sequence)
        assert all(some == sorted(some) for some in numbers.values())
        assert it.sound()
