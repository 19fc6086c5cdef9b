"""Real processes: clock servers that are killed, and a command line that is interrupted."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import partial

from stampbook.cli.terminal.errors import INTERRUPTED
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.delivery.secrets import new_master_key
from stampbook.engine.submission import Done
from stampbook.values.instants import from_ms
from tests.clockwork.stage import DAY, moved, opened, sound
from tests.e2e.server import SERVE
from tests.engine.shop import START_MS, Shop

MEMBERS = 1_500
AT_ONCE = 250
MINUTE_MS = 60_000
KEY = new_master_key()
WAIT_SECONDS = 90


def crowd(shop: Shop, pass_time: Callable[[], object]) -> None:
    """Enrol many with points that have a date; time passes between some and the next."""
    for first in range(0, MEMBERS, AT_ONCE):
        keys = [f"m{number}" for number in range(first, first + AT_ONCE)]
        commands = [EnrollMember(member_id=key) for key in keys] + [
            AwardPoints(member_id=key, activity_id=activity)
            for key in keys
            for activity in ("visit", "wait")
        ]
        pass_time()
        outcomes = shop.all(shop.submission(each) for each in commands)
        assert all(isinstance(each, Done) for each in outcomes)


def tick(shop: Shop) -> None:
    shop.clock.at_ms += MINUTE_MS


def next_day(shop: Shop) -> None:
    [(now_ms,)] = shop.rows("SELECT now_ms FROM program")
    moved(shop, from_ms(now_ms) + DAY)


def stampbook(url: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, *arguments],
        env={**os.environ, "STAMPBOOK_DATABASE_URL": url, "STAMPBOOK_SECRETS_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def expired(shop: Shop) -> int:
    return shop.rows("SELECT count(*) FROM fact WHERE type = 'points.expired'")[0][0]


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)


def nothing_twice(shop: Shop) -> None:
    facts = Counter(row[0] for row in shop.rows("SELECT type FROM fact"))
    assert facts["points.earned"] == facts["points.expired"] == shop.count("lot") == 2 * MEMBERS
    assert shop.rows("SELECT DISTINCT available FROM member") == [(0,)]
    assert sound(shop)


def test_a_clock_server_that_is_killed_is_replaced_on_sqlite(sqlite_url: str) -> None:
    play(sqlite_url, servers=1)


def test_of_two_clock_servers_one_may_be_killed_on_postgres(postgres_url: str) -> None:
    play(postgres_url, servers=2)


def play(url: str, *, servers: int) -> None:
    """Let servers do what fell due long ago, and kill the first one in the middle."""
    with opened(url) as shop:  # at a time that is past for the servers
        crowd(shop, partial(tick, shop))
    serve = partial(stampbook, url, "serve", "--role", "clock")
    with opened(url, is_new=False) as shop, ExitStack() as stack:
        processes = [stack.enter_context(serving(serve)) for _ in range(servers)]
        wait_for(lambda: expired(shop) > 0)
        processes[0].kill()
        stack.enter_context(serving(serve))
        wait_for(lambda: expired(shop) == 2 * MEMBERS)
        for process in processes[1:]:
            process.terminate()
            _, said = process.communicate(timeout=WAIT_SECONDS)
            assert process.returncode == 0, said
        nothing_twice(shop)


@contextmanager
def serving(serve: Callable[[], "subprocess.Popen[str]"]) -> Generator["subprocess.Popen[str]"]:
    """Start a process; it is gone when the block ends."""
    process = serve()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_an_advance_stops_when_it_is_interrupted_and_goes_on(database_url: str) -> None:
    with opened(database_url, test_clock_ms=START_MS) as shop:
        crowd(shop, partial(next_day, shop))
    with opened(database_url, is_new=False) as shop:
        process = stampbook(database_url, "clock", "advance", "--days", "400")
        wait_for(lambda: expired(shop) > 0 or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == INTERRUPTED, said
        assert "Go on: stampbook clock advance" in said
        left = 2 * MEMBERS - expired(shop)
        assert left > 0
        process = stampbook(database_url, "clock", "advance")
        out, said = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode == 0, said
        assert f"{left:,} things fell due" in out
        nothing_twice(shop)
