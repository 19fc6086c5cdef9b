"""A worker in a process of its own, for tests that kill it."""

import random
import sys
import time

from stampbook.delivery.call import Policy
from stampbook.delivery.secrets import Vault
from stampbook.delivery.sender import Sender
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.store.backend import open_backend
from stampbook.store.deliveries import Deliveries
from stampbook.values.ids import CommandIds

SECONDS_MAX = 60


def main(database_url: str, master_key: str) -> None:
    ids = CommandIds(2)

    def now_ms() -> int:
        return time.time_ns() // 1_000_000

    def new_id() -> str:
        return ids.take(now_ms())

    policy = Policy(allow_private=True, certificates=None, user_agent="Stampbook")
    worker = Worker(
        queue=Deliveries(open_backend(database_url), new_id),
        sender=Sender[Sent](policy),
        vault=Vault([master_key]),
        world=World(now_ms=now_ms, fraction=random.random),
    )
    worker.drain(SECONDS_MAX)


main(*sys.argv[1:])
