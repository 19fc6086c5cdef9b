"""Peers that listen and say little: what no real broker does on demand."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Peer:
    """Takes every connection, says its greeting, and never answers."""

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


@contextmanager
def running_peer(
    greeting: bytes = b"", answers: tuple[bytes, bytes] = (b"", b"")
) -> Generator[Peer]:
    """Run a peer until the block ends; it answers the first of a pair with the second."""
    listener = socket.create_server(("127.0.0.1", 0))
    peer = Peer(listener.getsockname()[1])
    taken: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        asked, answer = answers
        peer.tell(connections=1)
        try:
            connection.sendall(greeting)
            while chunk := connection.recv(65_536):
                peer.tell(heard=chunk)
                if asked and asked in chunk:
                    connection.sendall(answer)
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
