"""A real server process: `stampbook serve` on loopback, stopped politely or killed."""

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
LISTENS = "0A"
"""How Linux spells the state."""
START_SECONDS = 30
STOP_SECONDS = 20
POLL_SECONDS = 0.02
PORTS = range(15_000, 32_000)
"""Below those of outgoing calls, one of which could have the port of a server that is killed."""
LIFE_SECONDS_MAX = 600
"""The server ends by itself then, whatever became of whoever started it."""

SERVE = (
    "import signal, sys; "
    f"signal.alarm({LIFE_SECONDS_MAX}); "
    "from stampbook.cli.main import main; "
    "sys.exit(main())"
)


@dataclass(slots=True)
class Server:
    """A server of one database; it may be killed and started again on the same port."""

    database: str
    port: int
    master_key: str
    role: str = "all"
    processes: int = 1
    settings: dict[str, str] = field(default_factory=dict[str, str])
    process: subprocess.Popen[bytes] | None = None

    @property
    def answers(self) -> bool:
        """Tell whether it has the API; without it, its port tells only how it is."""
        return self.role in {"all", "api"}

    @property
    def pid(self) -> int:
        """The process that was started; it leads a group of its own."""
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Tell whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, and wait until it can work."""
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", SERVE, "serve", "--host", HOST, "--port", str(self.port)),
                *("--role", self.role, "--processes", str(self.processes)),
            ],
            env={
                **os.environ,
                "STAMPBOOK_DATABASE_URL": self.database,
                "STAMPBOOK_SECRETS_KEY": self.master_key,
                "STAMPBOOK_DELIVERY_ALLOW_PRIVATE": "true",
                "STAMPBOOK_LOG_LEVEL": "warning",
                **({} if self.answers else {"STAMPBOOK_SERVER_METRICS_PORT": str(self.port)}),
                **self.settings,
            },
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        page = "/readyz" if self.answers else "/healthz"
        while not (is_ready(self.port, page) and self._all_listen()):
            assert self.process.poll() is None, f"the server ended: {self.process.returncode}"
            assert time.monotonic() < deadline, "the server was not ready in time"
            time.sleep(POLL_SECONDS)

    def _all_listen(self) -> bool:
        """Tell whether its processes share who calls; the first would have them all."""
        return not self.answers or listeners(self.port) >= self.processes

    def kill(self) -> None:
        """End it and all its processes at once, as a power cut would."""
        if self.process is not None:
            with suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Ask it to end, and make sure that it does."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None


def is_ready(port: int, page: str = "/readyz") -> bool:
    """Tell whether a server says that it can do its work."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", page)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def listeners(port: int) -> int:
    """Give how many sockets of this machine listen on a port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[1][-5:] for row in rows if row[3] == LISTENS].count(f":{port:04X}")


def free_port() -> int:
    """Give a port of the loopback address that nobody listens on, and no outgoing call is given."""
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise OSError("no port is free")


@contextmanager
def running(server: Server) -> Generator[Server]:
    """Start a server; it is gone when the block ends."""
    try:
        server.start()
        yield server
        server.stop()
    finally:
        server.kill()
