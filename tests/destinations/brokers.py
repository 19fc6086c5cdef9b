"""Private brokers for tests: real servers on free loopback ports, gone when their user is.

Each program is owned by a supervising shell that reads a pipe which we hold: when the pipe closes,
because the context ended or because this process died, the program is ended by its id.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.destinations.certificates import certificate_of

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

SUPERVISOR = """
trap : INT TERM
"$@" >>"$LOG" 2>&1 &
echo $!
read -r _
kill -KILL $! 2>/dev/null
wait
"""


class BrokerUnavailableError(Exception):
    """No such broker of this machine can be used; the message says why."""


def program(name: str) -> str:
    """Give the path of a program.

    Errors: BrokerUnavailableError.
    """
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if found is None:
        raise BrokerUnavailableError(f"there is no {name} on the PATH")
    return found


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def supervised(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> Generator[int]:
    """Run a program until the block ends, and give its process id."""
    with subprocess.Popen(
        ["/bin/sh", "-c", SUPERVISOR, "supervisor", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": f"{os.defpath}:/usr/sbin", "LOG": str(log), **(environment or {})},
        start_new_session=True,  # an interrupt of the tests ends it by the pipe only
    ) as supervisor:
        assert supervisor.stdin is not None
        assert supervisor.stdout is not None
        try:
            yield int(supervisor.stdout.readline())
        finally:
            supervisor.stdin.close()
            supervisor.wait(STOP_SECONDS_MAX)


def wait_for_port(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BrokerUnavailableError(f"the server did not start: {log.read_text()[-2000:]}")


NATS_NAME = "broker.shop.example"
NATS_USER = "shop"
NATS_PASSWORD = "p:s/w@d?"
NATS_PASSWORD_ENCODED = "p%3As%2Fw%40d%3F"
NATS_CONFIGURATION = """
host: "127.0.0.1"
port: {port}
jetstream {{ store_dir: "{folder}" }}
authorization {{ users: [
  {{ user: "{user}", password: "{password}" }}
  {{ user: "reader", password: "reader", permissions: {{ publish: "$JS.API.>" }} }}
  {{ user: "deaf", password: "deaf", permissions: {{ publish: ">", subscribe: "none" }} }}
] }}
"""


@dataclass(slots=True)
class NatsServer:
    """A NATS server with JetStream on files, which may be killed and started again."""

    folder: Path
    more: str = ""
    port: int = field(default_factory=free_port)
    process_id: int = 0
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        configuration = self.folder / "nats.conf"
        configuration.write_text(
            NATS_CONFIGURATION.format(
                port=self.port, folder=self.folder, user=NATS_USER, password=NATS_PASSWORD
            )
            + self.more
        )
        log = self.folder / "log"
        command = [program("nats-server"), "--config", str(configuration)]
        self.process_id = self._running.enter_context(supervised(command, log))
        wait_for_port(self.port, log)

    def kill(self) -> None:
        """End it as a crash would."""
        os.kill(self.process_id, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        self._running.close()

    def url(self, path: str, *, host: str = "127.0.0.1", scheme: str = "nats") -> str:
        return f"{scheme}://{NATS_USER}:{NATS_PASSWORD_ENCODED}@{host}:{self.port}/{path}"


@contextmanager
def running_nats(folder: Path, more: str = "") -> Generator[NatsServer]:
    """Run a NATS server until the block ends.

    Errors: BrokerUnavailableError.
    """
    server = NatsServer(folder, more)
    try:
        server.start()
        yield server
    finally:
        server.stop()


RABBITMQ_NAME = "queue.shop.example"
RABBITMQ_CONFIGURATION = """
listeners.ssl.1 = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {certificate}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {certificate}
"""


@dataclass(slots=True)
class RabbitMQ:
    """A RabbitMQ that runs, and the certificate of the port that encrypts."""

    port: int
    tls_port: int
    certificate: Path


@contextmanager
def running_rabbitmq(folder: Path) -> Generator[RabbitMQ]:
    """Run a RabbitMQ with a name service and a cookie of its own.

    Errors: BrokerUnavailableError.
    """
    if not RABBITMQ.is_file():
        raise BrokerUnavailableError(f"there is no {RABBITMQ}")
    server = RabbitMQ(free_port(), free_port(), certificate_of(RABBITMQ_NAME, folder))
    (folder / "rabbitmq.conf").write_text(
        RABBITMQ_CONFIGURATION.format(tls_port=server.tls_port, certificate=server.certificate)
    )
    name_port, log = free_port(), folder / "log"
    environment = {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(name_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "stampbook@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(server.port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RUNNING_UNDER_SYSTEMD": "true",  # so that the script becomes the server
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "+sbwt none +sbwtdcpu none +sbwtdio none"  # an idle server takes no processor
            " -kernel inet_dist_use_interface {127,0,0,1}"
        ),
    }
    with (
        supervised([program("epmd"), "-port", str(name_port)], log, environment),
        supervised([str(RABBITMQ)], log, environment),
    ):
        wait_for_port(server.port, log)
        wait_for_port(server.tls_port, log)
        yield server
