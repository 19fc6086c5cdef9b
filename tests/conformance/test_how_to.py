"""The consumer of the how-to passes every check, and the pages name what there is."""

import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from stampbook import consumer
from stampbook.conformance.checks import catalogue
from tests.conformance.receivers import Shop
from tests.conformance.test_checks import SECRET, faults, looked_at, outcomes

LINES_MAX = 50
START_SECONDS_MAX = 20


@pytest.fixture(scope="module")
def how_to(request: pytest.FixtureRequest) -> Path:
    return request.config.rootpath / "docs" / "how-to"


def program_of(page: Path) -> str:
    found = re.search(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(program: str, folder: Path) -> Generator[str]:
    """Run the program as its reader would; give its address."""
    (folder / "hooks.py").write_text(program, encoding="utf-8")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "hooks.py"],
        cwd=folder,
        env={**os.environ, "HOOK_SECRETS": SECRET, "HOOK_PORT": str(port)},
        stderr=subprocess.DEVNULL,
    )
    try:
        ends_at = time.monotonic() + START_SECONDS_MAX
        while not is_open(port):
            assert process.poll() is None, "the program ended"
            assert time.monotonic() < ends_at, "the program does not listen"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_SECONDS_MAX)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def counting(database: Path) -> Generator[str]:
    """Tell how many events the program has noted; give the URL that does."""

    class Count(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with closing(sqlite3.connect(database)) as noted:
                (number,) = noted.execute("SELECT count(*) FROM seen").fetchone()
            content = str(number).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            del code, size

    server = HTTPServer(("127.0.0.1", 0), Count)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/count"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_consumer_of_the_page_passes_every_check(how_to: Path, tmp_path: Path) -> None:
    program = program_of(how_to / "consume-webhooks.md")
    assert len(program.splitlines()) <= LINES_MAX
    shop = Shop(dialect="native", secret=SECRET)
    with running(program, tmp_path) as url, counting(tmp_path / "hooks.db") as count_url:
        report = looked_at(url, shop, count_url=count_url)
    assert faults(report) == ""
    assert outcomes(report) == {"passed": set(catalogue())}
    with closing(sqlite3.connect(tmp_path / "hooks.db")) as kept:
        balances = kept.execute("SELECT member, points FROM balance ORDER BY member").fetchall()
    assert ("customer-4711", 210) in balances


def test_every_check_has_its_line(how_to: Path) -> None:
    page = (how_to / "test-a-consumer.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(catalogue())


def test_every_error_is_named(how_to: Path) -> None:
    page = (how_to / "consume-webhooks.md").read_text(encoding="utf-8")
    errors = {name for name in consumer.__all__ if name.endswith("Error")}
    named = set(re.findall(r"`(\w+Error)`", page))
    assert errors - {"CryptographyMissingError"} == named
