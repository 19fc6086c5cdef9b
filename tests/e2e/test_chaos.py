"""Servers and senders killed ten times under load lose nothing, and what they repeat is the same.

What a killed sender had in hand stays its own until its leases end, so the last of it arrives a
minute after the last kill.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from stampbook.core.lease import LEASE_MS
from tests.delivery.sink import running_sink
from tests.e2e.books import column, nothing_is_lost_or_doubled
from tests.e2e.caller import CALLERS, Answered, Callers, all_replay, ask_all, enrolment
from tests.e2e.feed import Fact, feed
from tests.e2e.fleet import Fleet, Victims, running_fleet
from tests.e2e.judging import (
    all_arrived_as_promised,
    every_answer_has_its_facts,
    sent_again,
)
from tests.e2e.receivers import CONDUCT, SUBSCRIBERS, Receivers
from tests.e2e.shop import Shop, open_shop, subscribe

SECONDS_MAX = 180
"""Of a test, on a machine that is busy; it takes half of it."""
KILLS: tuple[Victims, ...] = (
    "sender", "sender", "sender", "sender", "server", "server", "server", "both", "both", "all",
)  # fmt: skip
"""What is killed, in an order of chance."""
SENDERS = 2
MEMBERS = 200
"""So many that a killed sender does not hold up the facts of each of them."""
PAUSE_SECONDS_MAX = 0.12
LIVES_SECONDS = (0.05, 0.6)
"""How long it goes on before the next kill, once there is proof of work."""
PROOF_OF_WORK = 10
"""Facts and requests between two kills, at least."""
WORK_SECONDS_MAX = 30
DRAIN_SECONDS_MAX = LEASE_MS / 1000 + 40
POLL_SECONDS = 0.05
FACTS = "fact"
WAITING = "delivery WHERE status = 'pending'"


@pytest.mark.timeout(SECONDS_MAX)
def test_chaos_loses_nothing_and_keeps_order_on_sqlite(sqlite_url: str, seed: int) -> None:
    play(sqlite_url, seed, servers=1)


@pytest.mark.timeout(SECONDS_MAX)
def test_chaos_loses_nothing_and_keeps_order_on_postgres(postgres_url: str, seed: int) -> None:
    play(postgres_url, seed, servers=2)


def play(database: str, seed: int, *, servers: int) -> None:
    """Call, kill, restart, let all arrive, and judge."""
    dice, receivers = random.Random(seed), Receivers(random.Random(f"{seed}-receivers"))
    with running_sink() as sink, ExitStack() as stack:
        sink.decide = receivers.decide
        shop = open_shop(database, sink.url(SUBSCRIBERS[0].path), CONDUCT)
        stack.callback(shop.backend.close)
        for one in SUBSCRIBERS[1:]:
            subscribe(shop, one.id, sink.url(one.path), **one.wishes)
        with running_fleet(shop, servers=servers, senders=SENDERS) as fleet:
            answered = ask_all(fleet.ports, [enrolment(number) for number in range(MEMBERS)])
            answered += call_and_kill(shop, fleet, receivers, dice, seed)
            fleet.await_all()
            all_replay(fleet.ports, answered)
            wait_until(lambda: not count(shop, WAITING), DRAIN_SECONDS_MAX)
            facts = feed(fleet.ports[0])
        sys.stdout.write(f"{len(fleet.killed)} processes killed\n")
        assert len(fleet.killed) > len(KILLS)  # some at once
        judge(shop, answered, facts, receivers)


def call_and_kill(
    shop: Shop, fleet: Fleet, receivers: Receivers, dice: random.Random, seed: int
) -> list[Answered]:
    """Let callers ask all the time, kill what they and the receivers depend on, and go on."""
    callers = Callers(fleet.ports, seed, MEMBERS, PAUSE_SECONDS_MAX)
    with callers.calling(CALLERS):
        for which in dice.sample(KILLS, len(KILLS)):
            await_work(shop, receivers)
            time.sleep(dice.uniform(*LIVES_SECONDS))
            fleet.kill(which, dice)
        await_work(shop, receivers)
    assert callers.problems == []
    return callers.answered


def await_work(shop: Shop, receivers: Receivers) -> None:
    """Wait until facts have been committed and requests have arrived."""
    facts, requests = (now + PROOF_OF_WORK for now in (count(shop, FACTS), receivers.count))
    wait_until(
        lambda: count(shop, FACTS) >= facts and receivers.count >= requests, WORK_SECONDS_MAX
    )


def judge(shop: Shop, answered: list[Answered], facts: list[Fact], receivers: Receivers) -> None:
    """Hold what was answered, what is stored and what arrived against each other."""
    assert receivers.problems == []
    assert Counter(column(shop, "id", "fact")) == Counter(fact.id for fact in facts)
    assert set(column(shop, "status", "delivery")) == {"delivered"}
    nothing_is_lost_or_doubled(shop, answered, MEMBERS)
    every_answer_has_its_facts(answered, facts)
    sys.stdout.write(f"{len(answered)} commands, {len(facts)} facts\n")
    for subscriber in SUBSCRIBERS:
        arrivals = receivers.arrivals[subscriber.path]
        again = sent_again(arrivals)
        sys.stdout.write(f"{subscriber.path}: {len(arrivals)} requests, {again}\n")
        all_arrived_as_promised(subscriber, arrivals, facts)
        assert again.refused, f"nothing had to be sent again to {subscriber.path}"
        assert again.taken or not subscriber.is_busy, f"no kill was felt at {subscriber.path}"


def count(shop: Shop, what: str) -> int:
    with shop.backend.read() as unit:
        [(number,)] = unit.rows(f"SELECT count(*) FROM {what}")
    return number


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        in_time = time.monotonic() < deadline
        assert in_time, f"not so after {seconds} seconds"
        time.sleep(POLL_SECONDS)
