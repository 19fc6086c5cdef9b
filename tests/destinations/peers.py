"""Peers that listen and say little: what no real broker does on demand."""

import re
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Peer:
    """Takes every connection, and says what it was told to say."""

    port: int
    connections: int = 0
    parted: int = 0
    heard: bytes = b""
    _news: threading.Condition = field(default_factory=threading.Condition)

    def tell(self, *, connections: int = 0, parted: int = 0, heard: bytes = b"") -> None:
        with self._news:
            self.connections += connections
            self.parted += parted
            self.heard += heard
            self._news.notify_all()

    def wait_for_parted(self, count: int, seconds: float = 30) -> bool:
        """Wait until that many connections were closed by the other side."""
        with self._news:
            return self._news.wait_for(lambda: self.parted >= count, seconds)


def _say_nothing(_heard: bytes) -> bytes:
    return b""


@contextmanager
def running_peer(
    greeting: bytes = b"", answer: Callable[[bytes], bytes] = _say_nothing
) -> Generator[Peer]:
    """Run a peer until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    peer = Peer(listener.getsockname()[1])
    taken: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        peer.tell(connections=1)
        try:
            connection.sendall(greeting)
            while chunk := connection.recv(65_536):
                peer.tell(heard=chunk)
                connection.sendall(answer(chunk))
        except OSError:
            pass
        peer.tell(parted=1)
        connection.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            taken.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        for connection in taken:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


NATS_GREETING = b'INFO {"server_id":"x","headers":true,"max_payload":1000000}\r\n'
KEPT = b'{"stream":"s","seq":1}'
REPLY_TO = re.compile(rb"^HPUB \S+ (\S+) ", re.MULTILINE)


def welcome(heard: bytes) -> bytes:
    """Answer as NATS does to a client that connects, and to nothing else."""
    return b"PONG\r\n" if b"PING\r\n" in heard else b""


def keep(heard: bytes) -> bytes:
    """Answer as NATS with a stream that takes everything."""
    places = REPLY_TO.findall(heard)
    acknowledged = (b"MSG %s 1 %d\r\n%s\r\n" % (place, len(KEPT), KEPT) for place in places)
    return welcome(heard) + b"".join(acknowledged)
