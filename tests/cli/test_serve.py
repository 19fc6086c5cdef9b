"""The server answers, works in each role, and ends by itself when it is asked to."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from stampbook.api.shared_port import SharedPort
from tests.cli.conftest import Stampbook
from tests.e2e.server import listeners

START_SECONDS = 30
STOP_SECONDS = 20
KEY = "Z" * 43 + "="


@contextmanager
def running(*arguments: str, url: str) -> Generator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "stampbook.cli.main", "serve", *arguments],
        env={**os.environ, "STAMPBOOK_DATABASE_URL": url, "STAMPBOOK_SECRETS_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answer(process: "subprocess.Popen[str]", port: int, path: str) -> tuple[int, str]:
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        finally:
            connection.close()


def stopped(process: "subprocess.Popen[str]", number: int) -> tuple[int, str]:
    process.send_signal(number)
    _, errors = process.communicate(timeout=STOP_SECONDS)
    return process.returncode, errors


@pytest.mark.parametrize("role", ["all", "api"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_answers_until_it_is_asked_to_stop(
    sqlite_url: str, role: str, number: signal.Signals
) -> None:
    port = free_port()
    with running("--role", role, "--port", str(port), url=sqlite_url) as process:
        assert answer(process, port, "/readyz") == (
            200,
            '{"ready":true,"database":true,"engine":true}',
        )
        assert stopped(process, number) == (0, "")


@pytest.mark.parametrize("role", ["worker", "clock"])
def test_a_process_without_the_api_works_until_it_is_asked_to_stop(
    sqlite_url: str, role: str
) -> None:
    with running("--role", role, url=sqlite_url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Working as {role}.\n"
        assert stopped(process, signal.SIGTERM) == (0, "")


def test_several_workers_deliver_together_and_end_together(database_url: str) -> None:
    with running("--role", "worker", "--processes", "2", url=database_url) as process:
        assert process.stdout is not None
        lines = {process.stdout.readline() for _ in range(3)}
        assert lines == {"Working as worker in 2 processes.\n", "Working as worker.\n"}
        assert stopped(process, signal.SIGTERM) == (0, "")


def test_a_group_ends_when_one_of_it_ends(sqlite_url: str) -> None:
    with running("--role", "worker", "--processes", "2", url=sqlite_url) as process:
        assert process.stdout is not None
        for _ in range(3):
            process.stdout.readline()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        _, errors = process.communicate(timeout=STOP_SECONDS)
        assert process.returncode != 0
        assert "A process of the group ended." in errors


@pytest.mark.parametrize(
    ("role", "counts"), [("worker", "stampbook_delivery_in_flight 0.0"), ("clock", "")]
)
def test_a_process_without_the_api_tells_what_it_counts_where_the_settings_say(
    sqlite_url: str, role: str, counts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("STAMPBOOK_SERVER_METRICS_PORT", str(port))
    with running("--role", role, url=sqlite_url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Working as {role}.\n"
        assert answer(process, port, "/healthz") == (200, '{"running":true}')
        status, page = answer(process, port, "/metrics")
        assert status == 200
        assert "stampbook_engine_waiting 0.0" in page
        assert counts in page
        assert answer(process, port, "/v1/members")[0] == 404
        assert stopped(process, signal.SIGTERM) == (0, "")


def test_the_server_tells_of_deliveries_beside_the_api(sqlite_url: str) -> None:
    port = free_port()
    with running("--port", str(port), url=sqlite_url) as process:
        status, page = answer(process, port, "/metrics")
        assert status == 200
        assert "stampbook_delivery_in_flight 0.0" in page
        assert "stampbook_http_requests" in page


def test_a_port_that_is_taken_is_said(
    on_sqlite: Stampbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("STAMPBOOK_SERVER_METRICS_PORT", str(taken.getsockname()[1]))
        ran = on_sqlite("serve", "--role", "worker")
    assert ran.code == 1
    assert "server.metrics_port" in ran.err


def test_several_processes_answer_on_one_port(postgres_url: str) -> None:
    port = free_port()
    with running("--processes", "2", "--port", str(port), url=postgres_url) as process:
        assert answer(process, port, "/readyz")[0] == 200
        code, _ = stopped(process, signal.SIGTERM)
        assert code == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_each_process_has_a_queue_of_callers_of_its_own(postgres_url: str) -> None:
    port = free_port()
    with running("--processes", "2", "--port", str(port), url=postgres_url) as process:
        assert answer(process, port, "/readyz")[0] == 200
        deadline = time.monotonic() + START_SECONDS
        while listeners(port) < 2:
            assert time.monotonic() < deadline, "only one process listens"
            time.sleep(0.05)
        assert stopped(process, signal.SIGTERM)[0] == 0


def test_a_server_of_several_processes_takes_no_port_that_another_has(postgres_url: str) -> None:
    with SharedPort("127.0.0.1", free_port()) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        with running("--processes", "2", "--port", port, url=postgres_url) as process:
            _, errors = process.communicate(timeout=START_SECONDS)
            assert process.returncode == 1
    assert "--port" in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--processes", "2"], "Use PostgreSQL"), (["--port", "70000"], "server.port")],
)
def test_what_cannot_be_served_is_said(
    on_sqlite: Stampbook, arguments: Sequence[str], said: str
) -> None:
    ran = on_sqlite("serve", *arguments)
    assert ran.code == 1
    assert said in ran.err
