"""Servers that are killed at random moments under load lose nothing and do nothing twice."""

import random
import time
from collections import Counter
from contextlib import ExitStack

from stampbook.core.lease import LEASE_MS
from stampbook.delivery.call import Policy
from stampbook.delivery.secrets import Vault
from stampbook.delivery.sender import Sender
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.store.deliveries import Deliveries
from stampbook.values.ids import CommandIds
from tests.delivery.sink import Sink, running_sink
from tests.e2e.books import column, nothing_is_lost_or_doubled
from tests.e2e.caller import CALLERS, Callers, all_replay, ask_all, enrolment
from tests.e2e.server import Server, free_port, running
from tests.e2e.shop import Shop, open_shop

KILLS = 3
MEMBERS = 24
LIVES_SECONDS = (0.2, 1.2)
"""How long a server answers before it is killed."""
DRAIN_SECONDS = 30


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
        nothing_is_lost_or_doubled(shop, answered, MEMBERS)
        every_fact_arrived(shop, sink)


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
