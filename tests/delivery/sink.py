"""A receiver of webhooks on loopback: raw HTTP over asyncio, in a thread of its own."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.delivery.certificates import common_name

Mode = Literal[
    "accept", "slow", "hang", "fail", "busy", "gone", "redirect", "close", "cut", "flood",
    "leave", "trickle", "promise", "babble",
]  # fmt: skip
"""What it does: 204 at once; 204 after SLOW_SECONDS; never answers; 500; 429 with Retry-After; 410;
302 to /elsewhere; closes without an answer; closes after a 200 whose body is cut; a huge body; 204
and closes; a 200 whose body goes on for ever; promises of an answer for ever; what is not HTTP."""

SLOW_SECONDS = 0.05
TRICKLE_SECONDS = 0.02
GREETING_SECONDS_MAX = 5
TURNS_TO_CLOSE = 10
"""Of the loop, at most, between the end of a task and the end of its connection."""
RETRY_AFTER_SECONDS = 120

ANSWERS: dict[str, bytes] = {
    "accept": b"HTTP/1.1 204 No Content\r\n\r\n",
    "slow": b"HTTP/1.1 204 No Content\r\n\r\n",
    "fail": b"HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\nbroken",
    "busy": b"HTTP/1.1 429 Busy\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n"
    % RETRY_AFTER_SECONDS,
    "gone": b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst words",
    "leave": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "trickle": b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n",
    "babble": b"SSH-2.0-OpenSSH\r\n",
    "flood": b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 10_000_000,
}
CLOSES = {"close", "cut", "leave", "babble"}
TRICKLES: dict[str, bytes] = {"trickle": b"x", "promise": b"HTTP/1.1 102 Processing\r\n\r\n"}


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    shown: str = ""
    """The name in the certificate that the sender showed."""


@dataclass(slots=True)
class Sink:
    """What arrived, in order; `modes` by path, each taking effect with the next request.

    A path in `answers` is answered with those very bytes. Who sets `decide` says for each request
    what is done, in the order of their arrival and on the sink's thread.
    """

    scheme: str = "http"
    host: str = "127.0.0.1"
    port: int = 0
    answers: dict[str, bytes] = field(default_factory=dict[str, bytes])
    modes: dict[str, Mode] = field(default_factory=dict[str, Mode])
    decide: Callable[[Received], Mode] | None = None
    received: list[Received] = field(default_factory=list[Received])
    serving: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])
    _connections: int = 0
    _arrival: threading.Condition = field(default_factory=threading.Condition)

    def url(self, path: str = "/") -> str:
        return self.url_of(self.host, path)

    def url_of(self, host: str, path: str = "/") -> str:
        """Give the URL by which a host of another name would be asked."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    def wait_for(self, count: int, seconds: float = 30) -> bool:
        """Wait until that many requests arrived; False when they did not."""
        with self._arrival:
            return self._arrival.wait_for(lambda: len(self.received) >= count, seconds)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        self._connections += 1
        connection = self._connections
        try:
            while await self._answer(reader, writer, connection):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        path = head[0].split(" ")[1]
        pairs = (line.split(":", 1) for line in head[1:] if line)
        headers = {name.lower(): value.strip(" ") for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        received = Received(path, headers, body, connection, _shown(writer))
        with self._arrival:
            self.received.append(received)
            self._arrival.notify_all()
        decided = None if self.decide is None else self.decide(received)
        mode = decided or self.modes.get(path, "accept")
        if mode == "hang":
            await reader.read()  # until the sender gives up
            return False
        if mode == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        writer.write(self.answers.get(path, ANSWERS.get(mode, b"")))
        await writer.drain()
        while mode in TRICKLES:
            await asyncio.sleep(TRICKLE_SECONDS)
            writer.write(TRICKLES[mode])
            await writer.drain()
        return mode not in CLOSES


def _shown(writer: asyncio.StreamWriter) -> str:
    connection = writer.get_extra_info("ssl_object")
    if not isinstance(connection, ssl.SSLObject):
        return ""
    certificate = connection.getpeercert(binary_form=True)
    return "" if certificate is None else common_name(certificate)


@contextmanager
def running_sink(
    certificate: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    asks_for: Path | None = None,
    insists: bool = True,
) -> Generator[Sink]:
    """Run a sink until the block ends.

    With a certificate it speaks TLS; with `asks_for` it also wants one of the sender, from that
    authority, and `insists` on it or not.
    """
    sink = Sink(scheme="http" if certificate is None else "https", host=host)
    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=asks_for)
        tls.load_cert_chain(certificate)
        if asks_for is not None:
            tls.verify_mode = ssl.CERT_REQUIRED if insists else ssl.CERT_OPTIONAL
    listener = socket.create_server((host, port), backlog=256)
    sink.port = listener.getsockname()[1]
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(sink.serve, sock=listener, limit=1 << 20, ssl=tls)
        await stopped.wait()
        loop.remove_reader(listener.fileno())
        await asyncio.sleep(0)  # what was let in last begins: a closed server would lose it
        server.close()
        greeting = asyncio.all_tasks() - {asyncio.current_task()} - sink.serving
        if greeting:  # a connection that is cancelled in its handshake would never be closed
            await asyncio.wait(greeting, timeout=GREETING_SECONDS_MAX)
        for task in sink.serving:
            task.cancel()
        await asyncio.gather(*sink.serving, return_exceptions=True)
        for _ in range(TURNS_TO_CLOSE):
            await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)
        loop.close()
