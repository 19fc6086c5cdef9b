"""A fleet: the processes of one shop, of which some are killed and come back while others work."""

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from tests.e2e.server import Server, free_port
from tests.e2e.shop import Shop

PROCESSES_MAX = 8
Victims = Literal["sender", "server", "both", "all"]
"""One that sends, one that answers, one of each, or everything that runs."""


@dataclass(slots=True)
class Fleet:
    """Servers with the API and senders without it; `killed` grows with each kill."""

    servers: Sequence[Server]
    senders: Sequence[Server]
    pool: ThreadPoolExecutor
    killed: list[Server] = field(default_factory=list[Server])
    _starting: dict[int, "Future[None]"] = field(default_factory=dict[int, "Future[None]"])

    @property
    def ports(self) -> list[int]:
        """Where callers may ask."""
        return [server.port for server in self.servers]

    @property
    def all(self) -> list[Server]:
        """Every process."""
        return [*self.senders, *self.servers]

    def start(self, some: Sequence[Server]) -> None:
        """Begin to start some, all at the same time."""
        for one in some:
            self._starting[one.port] = self.pool.submit(one.start)

    def await_all(self) -> None:
        """Wait until whatever was started can work."""
        self._await(self.all)

    def kill(self, which: Victims, dice: Random) -> None:
        """Kill some that work, all at once, and begin to start them again."""
        one_of_each = [dice.choice(self.senders), dice.choice(self.servers)]
        victims = {
            "sender": one_of_each[:1],
            "server": one_of_each[1:],
            "both": one_of_each,
            "all": self.all,
        }[which]
        self._await(victims)
        self.check_all_run()
        for victim in victims:
            victim.kill()
        self.killed += victims
        self.start(victims)

    def check_all_run(self) -> None:
        """See that none has ended by itself since it could work."""
        for one in self.all:
            assert one.is_running or not self._starting[one.port].done(), f"{one.role} has ended"

    def _await(self, some: Sequence[Server]) -> None:
        for one in some:
            self._starting[one.port].result()


@contextmanager
def running_fleet(shop: Shop, *, servers: int, senders: int) -> Generator[Fleet]:
    """Start a fleet; none of it is left when the block ends."""
    with ThreadPoolExecutor(PROCESSES_MAX) as pool:
        fleet = Fleet(_some(shop, "api", servers), _some(shop, "worker", senders), pool)
        try:
            fleet.start(fleet.all)
            fleet.await_all()
            yield fleet
            fleet.check_all_run()
            for one in fleet.all:
                one.stop()
        finally:
            pool.shutdown()
            for one in fleet.all:
                one.kill()


def _some(shop: Shop, role: str, count: int) -> list[Server]:
    return [Server(shop.database, free_port(), shop.master_key, role) for _ in range(count)]
