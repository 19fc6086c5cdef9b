"""A proxy before PostgreSQL that cuts the connection when a COMMIT passes, as told."""

import socket
import threading
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Cut = Literal["before", "after"]


class Proxy:
    """Passes bytes on; `cut_next` arms it for one COMMIT, before or after it reaches the server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        address = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
        self.url = urlunsplit((*parts[:1], address, *parts[2:]))
        self.cuts = 0
        self._armed: Cut | None = None
        self._answer_is_lost = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_next(self, when: Cut) -> None:
        self._armed = when

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            for source, target, is_client in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pass_on, args=(source, target, is_client), daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_client: bool) -> None:  # noqa: FBT001
        with source, target:
            try:
                while data := source.recv(65536):
                    if not self._passes(data, is_client):
                        return
                    target.sendall(data)
            except OSError:
                return
            finally:
                for end in (source, target):
                    _shut(end)

    def _passes(self, data: bytes, is_client: bool) -> bool:  # noqa: FBT001
        if not is_client:
            lost, self._answer_is_lost = self._answer_is_lost, False
            return not lost
        if self._armed is None or b"COMMIT" not in data:
            return True
        armed, self._armed = self._armed, None
        self.cuts += 1
        self._answer_is_lost = armed == "after"
        return armed == "after"


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
