"""A small client of the API on loopback: blocking calls, many at once through threads."""

import http.client
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from msgspec import Struct

CONNECTIONS = 16
TIMEOUT_SECONDS = 60
SUCCESS_BELOW = 300


class RefusedError(Exception):
    """The API said no; the text is its problem document."""


class Call(Struct, frozen=True):
    """One request to make. `tolerated` are problem codes that are part of the play."""

    method: str
    path: str
    body: Any = None
    tolerated: tuple[str, ...] = ()


class Client:
    """The API of one server, with one key."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self._address = (host, port)
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._local = threading.local()
        self._threads = ThreadPoolExecutor(CONNECTIONS, "demo-client")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make one request and give the reply.

        Errors: RefusedError with the problem document when the API says no.
        """
        return self._make(Call(method, path, body))

    def all(self, calls: Iterable[Call]) -> list[Any]:
        """Make many requests at once; gives the replies in their order."""
        return list(self._threads.map(self._make, calls))

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown()

    def _make(self, call: Call) -> Any:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(*self._address, timeout=TIMEOUT_SECONDS)
            self._local.connection = connection
        sent = None if call.body is None else msgspec.json.encode(call.body)
        connection.request(call.method, call.path, body=sent, headers=self._headers)
        response = connection.getresponse()
        text = response.read()
        reply: Any = msgspec.json.decode(text or b"{}")
        if response.status >= SUCCESS_BELOW and reply.get("code") not in call.tolerated:
            raise RefusedError(f"{call.method} {call.path}: {text.decode()}")
        return reply
