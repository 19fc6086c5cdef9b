"""A steady shop: a real server with subscribers, and awards that are made at a fixed rate.

Awards begin at their times whether or not those before them were answered, over as many
connections as that takes.
"""

import random
import select
import socket
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from bench.ground import Ground
from bench.load import HOST, QUIET_SECONDS_MAX, REPLY_BYTES_MAX, is_whole
from bench.receiver import Receiver, arrival_key
from bench.shop import PROGRAM, TOKEN, award_bodies, stock
from stampbook.delivery.secrets import Vault, new_master_key, new_secret
from stampbook.store.backend import open_backend
from stampbook.store.endpoints import Endpoint, add_endpoint
from stampbook.values.ids import CommandIds, EndpointId
from stampbook.values.instants import from_ms
from tests.e2e.server import Server, free_port, running

MEMBERS = 1_000
BODIES = 5_000
CONNECTIONS_MAX = 128
IDLE_SECONDS_MAX = 2
"""How long a connection is kept without use: less than the server keeps it."""

REST_SECONDS_MAX = 10
ASK_SECONDS = 0.02
CREATED = b"HTTP/1.1 201"

RECEIVED = """
SELECT delivery.fact_id, endpoint.url, fact.recorded_at_ms
FROM delivery
JOIN fact ON fact.program_id = delivery.program_id AND fact.id = delivery.fact_id
JOIN endpoint ON endpoint.program_id = delivery.program_id AND endpoint.id = delivery.endpoint_id
WHERE delivery.program_id = ? AND fact.recorded_at_ms >= ?
"""


class Steady(Struct, frozen=True, kw_only=True):
    """What a steady load came to.

    Shapes: `arrivals` are by the receiver's `arrival_key`. Units: nanoseconds of the wall clock.
    """

    began_ns: int
    ended_ns: int
    arrivals: dict[str, int]


class SteadyShop:
    """A server of a shop, and the awards that it is sent."""

    def __init__(self, server: Server) -> None:
        self.database = server.database
        self._requests = [
            _request(server.port, msgspec.json.encode(body))
            for body in award_bodies(MEMBERS, BODIES)
        ]
        self._port = server.port
        self._next = 0

    def award(
        self, receiver: Receiver, *, rate: int, seconds: int, receipts_each: int = 1
    ) -> Steady:
        """Make awards for some seconds, and wait a while for what follows from them."""
        receiver.arrivals()
        began_ns = time.time_ns()
        count = rate * seconds
        asked = [self._requests[(self._next + one) % BODIES] for one in range(count)]
        self._next += count
        _Pace(self._port, asked, rate).run()
        deadline = time.monotonic() + REST_SECONDS_MAX
        while receiver.count() < count * receipts_each and time.monotonic() < deadline:
            time.sleep(ASK_SECONDS)
        ended_ns = time.time_ns()
        return Steady(began_ns=began_ns, ended_ns=ended_ns, arrivals=receiver.arrivals())


@contextmanager
def steady_shop(ground: Ground, kind: str, urls: Sequence[str]) -> Generator[SteadyShop]:
    """Run a server of a shop that tells every fact to some addresses."""
    stocked = partial(stock, members=MEMBERS, history=MEMBERS, listens=False)
    master_key = new_master_key()
    with ground.copy_of(kind, "steady", stocked) as database:
        _listen(database, urls, Vault([master_key]))
        server = Server(database=database, port=free_port(), master_key=master_key)
        with running(server):
            yield SteadyShop(server)


def waits_ms(database: str, steady: Steady, *, urls: Sequence[str] = ()) -> list[float]:
    """Give how long each delivery took from the record of its fact until it was received.

    Shapes: those to some addresses only, if there are any; what never came counts as if it had
    come when the waiting ended.
    """
    backend = open_backend(database)
    with backend.read() as unit:
        rows = unit.rows(RECEIVED, (PROGRAM, steady.began_ns // 1_000_000))
    backend.close()
    return [
        steady.arrivals.get(_arrival_key(url, fact_id), steady.ended_ns) / 1e6 - recorded_at_ms
        for fact_id, url, recorded_at_ms in rows
        if not urls or url in urls
    ]


def _arrival_key(url: str, fact_id: str) -> str:
    """Give the key of a delivery in the native dialect, whose `webhook-id` is the fact's."""
    return arrival_key(urlsplit(url).path, fact_id)


def _listen(database: str, urls: Sequence[str], vault: Vault) -> None:
    """Add an endpoint for each address."""
    now_ms = time.time_ns() // 1_000_000
    ids = CommandIds(1)
    backend = open_backend(database)
    with backend.transaction() as unit:
        for url in urls:
            endpoint = Endpoint(
                id=EndpointId(ids.take(now_ms)),
                url=url,
                dialect="native",
                event_types=(),
                secrets=vault.seal([new_secret(random.randbytes)]),
                batch_size=1,
                status="active",
                created_at=from_ms(now_ms),
                updated_at=from_ms(now_ms),
                description="",
            )
            add_endpoint(unit, PROGRAM, endpoint, now_ms)
    backend.close()


def _request(port: int, body: bytes) -> bytes:
    head = (
        f"POST /v1/points/award HTTP/1.1\r\nhost: {HOST}:{port}\r\n"
        f"authorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Pace:
    """Requests that go out at their times, each over a connection that is free."""

    def __init__(self, port: int, requests: Sequence[bytes], rate: int) -> None:
        self._port = port
        self._requests = requests
        self._rate = rate
        self._epoll = select.epoll()
        self._idle: dict[int, tuple[socket.socket, float]] = {}
        self._busy: dict[int, socket.socket] = {}
        self._parts: dict[int, bytes] = {}

    def run(self) -> None:
        start = time.perf_counter()
        for number, request in enumerate(self._requests):
            due = start + number / self._rate
            while (left := due - time.perf_counter()) > 0 or not self._has_room:
                self._read(max(left, 0) if self._has_room else QUIET_SECONDS_MAX)
            self._send(request)
        while self._busy:
            if not self._read(QUIET_SECONDS_MAX):
                raise TimeoutError(f"no answer for {QUIET_SECONDS_MAX} s")
        took = time.perf_counter() - start
        assert took < len(self._requests) / self._rate + 1, "the awards did not keep pace"
        for connection, _ in self._idle.values():
            connection.close()
        self._epoll.close()

    @property
    def _has_room(self) -> bool:
        return bool(self._idle) or len(self._busy) < CONNECTIONS_MAX

    def _send(self, request: bytes) -> None:
        connection = self._kept() or self._connect()
        self._busy[connection.fileno()] = connection
        connection.sendall(request)

    def _kept(self) -> socket.socket | None:
        """Give the connection that was used last; one that was idle for long is closed."""
        while self._idle:
            _, (connection, since) = self._idle.popitem()
            if time.perf_counter() - since < IDLE_SECONDS_MAX:
                return connection
            connection.close()
        return None

    def _connect(self) -> socket.socket:
        connection = socket.create_connection((HOST, self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._epoll.register(connection.fileno(), select.EPOLLIN)
        return connection

    def _read(self, seconds: float) -> bool:
        """Wait for answers, not longer than that; tell whether something came."""
        ready = self._epoll.poll(seconds)
        for number, _ in ready:
            if number in self._idle:  # the server does not wait for more
                self._idle.pop(number)[0].close()
                continue
            data = self._busy[number].recv(REPLY_BYTES_MAX)
            assert data, "the server hung up"
            data = self._parts.pop(number, b"") + data
            if not is_whole(data):
                self._parts[number] = data
                continue
            assert data.startswith(CREATED), data[:200]
            self._idle[number] = self._busy.pop(number), time.perf_counter()
        return bool(ready)
