"""The demo's processes: a server and a receiver on loopback, stopped with the demo."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

HOST = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 15
POLL_SECONDS = 0.05


def free_port() -> int:
    """Give a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    arguments: Sequence[str], environment: dict[str, str], port: int, ready_path: str
) -> Generator[None]:
    """Run `python` with arguments until the block ends; the block begins when it is ready.

    Errors: RuntimeError when the process ends or stays unready for START_SECONDS.
    """
    process = subprocess.Popen([sys.executable, *arguments], env=environment)  # noqa: S603 - ours
    try:
        _await_ready(process, port, ready_path)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: "subprocess.Popen[bytes]", port: int, path: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"a process of the demo ended with status {process.returncode}")
        connection = http.client.HTTPConnection(HOST, port, timeout=POLL_SECONDS * 20)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"a process of the demo was not ready in {START_SECONDS} s")
