"""The metrics listener: a process without the API answers what it counts, and whether it works."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread

from stampbook.api.exchange import Reply, json_reply

SECONDS_MAX = 5.0
"""How long a caller may take to ask."""

Pages = dict[str, Callable[[], Reply]]


class MetricsListener:
    """Holds an address from the start; answers GET requests there, in threads of its own.

    Errors: OSError when nothing can listen there.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = _Server((host, port), _Handler)

    @contextmanager
    def answering(self, pages: Pages) -> Generator[None]:
        """Answer while the block runs; after it the address is free."""
        self._server.pages = pages
        thread = Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def health_page(is_running: Callable[[], bool]) -> Callable[[], Reply]:
    """Give a page that says whether a process is at work: 503 when a part of it ended."""

    def page() -> Reply:
        running = is_running()
        return json_reply({"running": running}, 200 if running else 503)

    return page


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pages: Pages

    def server_bind(self) -> None:
        """Bind, and ask no name server what the address is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    timeout = SECONDS_MAX

    def do_GET(self) -> None:
        """Answer one request."""
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        reply = page()
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name.decode(), value.decode())
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def version_string(self) -> str:
        return "Stampbook"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""
