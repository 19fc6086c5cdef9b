"""Servers that are killed at random moments under load lose nothing and do nothing twice."""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from stampbook.core.lease import LEASE_MS
from stampbook.delivery.call import Policy
from stampbook.delivery.secrets import Vault
from stampbook.delivery.sender import Sender
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.store.backend import Row
from stampbook.store.deliveries import Deliveries
from stampbook.store.verify import verify
from stampbook.values.ids import CommandIds
from tests.delivery.sink import Sink, running_sink
from tests.e2e.caller import (
    MEMBERS_PATH,
    REDEMPTIONS_PATH,
    Answered,
    Ask,
    Callers,
    Connection,
    enrolment,
)
from tests.e2e.server import Server, free_port, running
from tests.e2e.shop import MUGS, PROGRAM, Shop, open_shop

SEED_VARIABLE = "STAMPBOOK_TEST_KILL_SEED"
KILLS = 3
CALLERS = 8
MEMBERS = 24
LIVES_SECONDS = (0.2, 1.2)
"""How long a server answers before it is killed."""
DRAIN_SECONDS = 30
BAD_REQUEST = 400


@pytest.fixture
def seed() -> int:
    """The dice of a run: set the variable to the number that a failure printed."""
    number = int(os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"{SEED_VARIABLE}={number}\n")  # shown when the test fails
    return number


def test_a_server_killed_under_load_loses_nothing_on_sqlite(sqlite_url: str, seed: int) -> None:
    play(sqlite_url, seed, servers=1)


def test_two_servers_killed_under_load_lose_nothing_on_postgres(
    postgres_url: str, seed: int
) -> None:
    play(postgres_url, seed, servers=2)


def play(database: str, seed: int, *, servers: int) -> None:
    """Call, kill, restart, and look at what is left."""
    dice = random.Random(seed)
    with running_sink() as sink, ExitStack() as stack:
        shop = open_shop(database, sink.url("/hook"))
        stack.callback(shop.backend.close)
        running_ones = [
            stack.enter_context(running(Server(database, free_port(), shop.master_key)))
            for _ in range(servers)
        ]
        ports = [server.port for server in running_ones]
        enrolled = ask_all(ports, [enrolment(number) for number in range(MEMBERS)])
        callers = Callers(ports, seed, MEMBERS)
        with callers.calling(CALLERS):
            for _ in range(KILLS):
                time.sleep(dice.uniform(*LIVES_SECONDS))
                victim = dice.choice(running_ones)
                victim.kill()
                victim.start()
            time.sleep(LIVES_SECONDS[0])
        assert callers.problems == []
        answered = enrolled + callers.answered
        all_replay(ports, answered)
        for server in running_ones:
            server.stop()
        deliver_the_rest(shop)
        nothing_is_lost_or_doubled(shop, answered)
        every_fact_arrived(shop, sink)


def ask_all(ports: Sequence[int], asks: Sequence[Ask]) -> list[Answered]:
    """Ask with several threads; each has a connection of its own."""

    def share(number: int) -> list[Answered]:
        connection = Connection(ports, random.Random(number))
        answered = [connection.ask(ask) for ask in asks[number::CALLERS]]
        connection.close()
        return answered

    with ThreadPoolExecutor(CALLERS) as pool:
        return [one for shares in pool.map(share, range(CALLERS)) for one in shares]


def all_replay(ports: Sequence[int], answered: Sequence[Answered]) -> None:
    """The same key and body give the same reply, whichever server was asked first."""
    first = {one.ask.key: (one.status, one.body) for one in answered}
    again = ask_all(ports, [one.ask for one in answered])
    assert {one.ask.key: (one.status, one.body) for one in again} == first
    assert all(one.replayed for one in again)


def deliver_the_rest(shop: Shop) -> None:
    """Deliver what the servers left, with a clock that stands where every lease has run out."""
    ids = CommandIds(1)

    def now_ms() -> int:
        return time.time_ns() // 1_000_000 + LEASE_MS

    def new_id() -> str:
        return ids.take(now_ms())

    worker = Worker(
        queue=Deliveries(shop.backend, new_id),
        sender=Sender[Sent](Policy(allow_private=True, certificates=None, user_agent="Stampbook")),
        vault=Vault([shop.master_key]),
        world=World(now_ms=now_ms, fraction=random.random),
    )
    drained = worker.drain(DRAIN_SECONDS)
    worker.close()
    assert drained


def nothing_is_lost_or_doubled(shop: Shop, answered: Sequence[Answered]) -> None:
    done = [one for one in answered if one.status < BAD_REQUEST]
    refused = Counter(one.document["code"] for one in answered if one.status >= BAD_REQUEST)
    assert set(refused) <= {"points.insufficient", "reward.out_of_stock", "activity.cap_reached"}
    assert any(one.tries > 1 for one in answered), "no kill was felt"

    replies = [one.document for one in done if one.ask.path != MEMBERS_PATH]
    transactions = [reply["transaction"]["id"] for reply in replies if reply["transaction"]]
    orders = [reply["order"]["order_id"] for reply in replies if "order" in reply]
    mugs = [one for one in done if one.ask.path == REDEMPTIONS_PATH and b'"mug"' in one.ask.body]
    assert len(transactions) == len(set(transactions))
    assert Counter(column(shop, "id", "points_transaction")) == Counter(transactions)
    assert Counter(column(shop, "order_id", "customer_order")) == Counter(orders)
    assert Counter(column(shop, "key", "idempotency")) == Counter(one.ask.key for one in answered)
    assert len(column(shop, "id", "member")) == MEMBERS
    assert 0 < len(mugs) <= MUGS
    with shop.backend.read() as unit:
        assert list(verify(unit, PROGRAM)) == []


def every_fact_arrived(shop: Shop, sink: Sink) -> None:
    """Each fact has its delivery row, and each delivery arrived; again under the same id only."""
    facts = column(shop, "id", "fact")
    assert Counter(column(shop, "fact_id", "delivery")) == Counter(facts)
    assert set(column(shop, "status", "delivery")) == {"delivered"}
    bodies: dict[str, set[bytes]] = {}
    for one in sink.received:
        bodies.setdefault(one.headers["webhook-id"], set()).add(one.body)
    assert bodies.keys() == set(column(shop, "fact_id", "delivery"))
    assert len(bodies) == len(facts)
    assert all(len(versions) == 1 for versions in bodies.values())


def column(shop: Shop, name: str, table: str) -> list[str]:
    with shop.backend.read() as unit:
        rows: list[Row] = unit.rows(f"SELECT {name} FROM {table} WHERE program_id = ?", (PROGRAM,))
    return [row[0] for row in rows]
