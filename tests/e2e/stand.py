"""A server over the network, and a receiver of this machine."""

import http.client
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec

from stampbook.store.backend import Row
from tests.api.stage import add_test_key
from tests.delivery.sink import Received, Sink, running_sink
from tests.e2e.server import HOST, Server, free_port, running
from tests.e2e.shop import PROGRAM, Shop, open_shop

SECONDS = 30


@dataclass(slots=True)
class Stand:
    """A server over the network, and a receiver of this machine."""

    shop: Shop
    server: Server
    sink: Sink
    key: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=SECONDS)
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        sent = None if body is None else msgspec.json.encode(body)
        connection.request(method, path, sent, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        assert response.status < 300, text
        return msgspec.json.decode(text)

    def enrol(self, name: str) -> None:
        self.call("POST", "/v1/members", {"member_id": name})

    def listeners(self) -> list[str]:
        items = self.call("GET", "/v1/endpoints")["items"]
        return [one["id"] for one in items if one["url"].startswith("listen:")]

    def deliveries(self, endpoint: str) -> list[Any]:
        return self.call("GET", f"/v1/endpoints/{endpoint}/deliveries")["items"]

    def await_status(self, endpoint: str, status: str) -> None:
        deadline = time.monotonic() + SECONDS
        while {one["status"] for one in self.deliveries(endpoint)} != {status}:
            assert time.monotonic() < deadline, self.deliveries(endpoint)
            time.sleep(0.05)

    def await_pull(self, listener: str) -> None:
        deadline = time.monotonic() + SECONDS
        sql = "SELECT 1 FROM endpoint WHERE id = ? AND pulled_at_ms IS NOT NULL"
        while True:
            with self.shop.backend.read() as unit:
                if unit.rows(sql, (listener,)):
                    return
            assert time.monotonic() < deadline, "nobody has asked"
            time.sleep(0.05)

    def change(self, sql: str, values: Row = ()) -> None:
        with self.shop.backend.transaction() as unit:
            unit.run(sql, values)

    def conduct(self, endpoint: str, delays: list[int]) -> None:
        conduct = msgspec.json.encode({"retry_delays_seconds": delays}).decode()
        self.change("UPDATE endpoint SET conduct = ? WHERE id = ?", (conduct, endpoint))

    def received(self, count: int) -> list[Received]:
        assert self.sink.wait_for(count, SECONDS), self.sink.received
        return self.sink.received


@contextmanager
def standing(
    database_url: str, settings: Mapping[str, str] = MappingProxyType({})
) -> Generator[Stand]:
    """Run a stand until the block ends; `settings` are variables of the server."""
    with running_sink() as sink:
        shop = open_shop(database_url, "https://shop.example/never")
        with shop.backend.transaction() as unit:
            unit.run("UPDATE endpoint SET status = 'disabled'")
        key = add_test_key(shop.backend, "laptop", "read", "write", "admin", program=PROGRAM)
        try:
            server = Server(database_url, free_port(), shop.master_key, settings=dict(settings))
            with running(server):
                yield Stand(shop, server, sink, key)
        finally:
            shop.backend.close()
