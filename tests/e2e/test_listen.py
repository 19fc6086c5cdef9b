"""`stampbook listen` brings a program's webhooks to a machine that nobody can dial."""

import http.client
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook

from stampbook.store.backend import Row
from tests.api.stage import add_test_key
from tests.delivery.sink import Received, Sink, running_sink
from tests.e2e.laptop import listening
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
def standing(database_url: str) -> Generator[Stand]:
    with running_sink() as sink:
        shop = open_shop(database_url, "https://shop.example/never")
        with shop.backend.transaction() as unit:
            unit.run("UPDATE endpoint SET status = 'disabled'")
        key = add_test_key(shop.backend, "laptop", "read", "write", "admin", program=PROGRAM)
        try:
            with running(Server(database_url, free_port(), shop.master_key)) as server:
                yield Stand(shop, server, sink, key)
        finally:
            shop.backend.close()


@pytest.fixture
def stand(database_url: str) -> Generator[Stand]:
    with standing(database_url) as opened:
        yield opened


@pytest.fixture
def sqlite_stand(sqlite_url: str) -> Generator[Stand]:
    with standing(sqlite_url) as opened:
        yield opened


def test_a_webhook_arrives_as_it_would_anywhere_and_the_listener_goes(stand: Stand) -> None:
    url = stand.sink.url("/hooks?tenant=7&debug")
    with listening(
        stand.server.port, stand.key, "--forward-to", url,
        "--event", "member.enrolled", "--print-secret",
    ) as laptop:  # fmt: skip
        laptop.line_with("Listening as")
        secret = laptop.line_with("Secret: ").removeprefix("Secret: ")
        stand.enrol("anna")
        [received] = stand.received(1)
        assert received.path == "/hooks?tenant=7&debug"
        Webhook(secret).verify(received.body, received.headers)
        assert received.headers["stampbook-sequence"] == "1"
        assert received.headers["host"] == f"127.0.0.1:{stand.sink.port}"
        line = laptop.line_with("member.enrolled")
        assert "204" in line
        assert received.headers["webhook-id"] in line
        [listener] = stand.listeners()
        stand.await_status(listener, "delivered")
        assert laptop.end(signal.SIGINT) == 0
    assert stand.listeners() == []


def test_a_failure_is_tried_again_and_a_dead_letter_comes_when_it_is_sent_again(
    stand: Stand,
) -> None:
    stand.sink.modes["/hooks"] = "fail"
    with listening(
        stand.server.port, stand.key, "--forward-to", stand.sink.url("/hooks"),
        "--event", "member.enrolled", "--format", "json",
    ) as laptop:  # fmt: skip
        laptop.line_with("Listening as")
        [listener] = stand.listeners()
        stand.conduct(listener, [1])
        stand.enrol("anna")
        first, second = laptop.event(), laptop.event()
        assert [one["status_code"] for one in (first, second)] == [500, 500]
        assert [one["number"] for one in (first, second)] == [1, 2]
        assert first["request_id"] == second["request_id"]
        assert first["body"] == second["body"]
        assert first["body"]["data"]["member"]["member_id"] == "anna"
        stand.await_status(listener, "failed")
        [delivery] = stand.deliveries(listener)
        tries = stand.call("GET", f"/v1/deliveries/{delivery['id']}")["attempts"]
        assert [(one["number"], one["response_excerpt"]) for one in tries] == [
            (2, "broken"),
            (1, "broken"),
        ]

        stand.sink.modes["/hooks"] = "accept"
        stand.call("POST", f"/v1/deliveries/{delivery['id']}/retry", {})
        third = laptop.event()
        assert (third["status_code"], third["received"]) == (204, True)
        stand.await_status(listener, "delivered")
        assert len(stand.received(3)) == 3
        assert laptop.end(signal.SIGTERM) == 0
    assert stand.listeners() == []


def test_a_listener_that_was_kept_gets_what_happened_meanwhile(stand: Stand) -> None:
    url = stand.sink.url("/hooks")
    with listening(stand.server.port, stand.key, "--keep", "--event", "member.enrolled") as laptop:
        laptop.line_with("Listening as")
        stand.enrol("anna")
        assert "200" in laptop.line_with("member.enrolled")  # shown, and so received
        [listener] = stand.listeners()
        stand.await_status(listener, "delivered")
        assert laptop.end() == 0
        assert listener in laptop.line_with("Kept")
    stand.enrol("ben")
    arguments = ("--endpoint", listener, "--forward-to", url)
    with listening(stand.server.port, stand.key, *arguments) as laptop:
        laptop.line_with("member.enrolled")
        stand.await_status(listener, "delivered")
        assert laptop.end() == 0
    assert stand.listeners() == [listener]
    [received] = stand.received(1)
    assert b'"ben"' in received.body


def test_a_command_that_was_killed_loses_nothing(stand: Stand) -> None:
    """What it had in hand is due again when its lease has run out."""
    stand.sink.modes["/hooks"] = "hang"
    url = stand.sink.url("/hooks")
    with listening(
        stand.server.port, stand.key, "--keep", "--forward-to", url, "--event", "member.enrolled"
    ) as laptop:
        laptop.line_with("Listening as")
        [listener] = stand.listeners()
        stand.enrol("anna")
        stand.received(1)
        laptop.kill()
    assert [one["status"] for one in stand.deliveries(listener)] == ["leased"]
    stand.enrol("ben")  # nobody listens, and nothing is leased to nobody
    time.sleep(0.5)
    assert sorted(one["status"] for one in stand.deliveries(listener)) == ["leased", "pending"]
    stand.change("UPDATE delivery SET leased_until_ms = 1 WHERE leased_until_ms IS NOT NULL")
    stand.sink.modes["/hooks"] = "accept"
    with listening(
        stand.server.port, stand.key, "--endpoint", listener, "--forward-to", url
    ) as laptop:
        stand.await_status(listener, "delivered")
        assert laptop.end() == 0
    first, *others = stand.received(3)
    again = {one.headers["webhook-id"]: one.body for one in others}
    assert len(again) == 2
    assert again[first.headers["webhook-id"]] == first.body


def test_a_restart_of_the_server_loses_and_doubles_nothing(stand: Stand) -> None:
    url = stand.sink.url("/hooks")
    with listening(
        stand.server.port, stand.key, "--forward-to", url, "--event", "member.enrolled"
    ) as laptop:
        laptop.line_with("Listening as")
        stand.enrol("anna")
        laptop.line_with("member.enrolled")
        [listener] = stand.listeners()
        stand.await_status(listener, "delivered")
        stand.server.kill()
        laptop.line_with("cannot be reached")
        stand.server.start()
        stand.enrol("ben")
        laptop.line_with("is back")
        laptop.line_with("member.enrolled")
        stand.await_status(listener, "delivered")
        assert laptop.end() == 0
    assert len(stand.received(2)) == 2


def test_a_server_stops_at_once_although_somebody_listens(stand: Stand) -> None:
    with listening(stand.server.port, stand.key) as laptop:
        laptop.line_with("Listening as")
        [listener] = stand.listeners()
        stand.await_pull(listener)
        assert stand.server.process is not None
        stand.server.process.terminate()
        assert stand.server.process.wait(8) == 0  # the grace for what is not answered is ten
        stand.server.process = None
        laptop.line_with("cannot be reached")
        stand.server.start()
        laptop.line_with("is back")
        assert laptop.end() == 0
    assert stand.listeners() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--forward-to", "nowhere"], "no URL to send to"),
        (["--event", "points.earnd"], "Did you mean points.earned?"),
        (["--endpoint", "0" * 24], "no endpoint with this id"),
        (["--api-key", "sb_wrong_" + "x" * 32], "unknown, malformed or revoked"),
        (["--api-url", "http://127.0.0.1:9"], "nobody answers there"),
    ],
)
def test_what_cannot_be_listened_to_is_said(
    sqlite_stand: Stand, arguments: list[str], said: str
) -> None:
    with listening(sqlite_stand.server.port, sqlite_stand.key, *arguments) as laptop:
        laptop.line_with(said)
        assert laptop.process.wait(SECONDS) == 1
