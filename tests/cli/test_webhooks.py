"""Facts are sent again from the command line, and dead letters are listed and set free."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stampbook.store.activation import deactivate
from stampbook.store.backend import Backend, open_backend
from stampbook.store.endpoints import find_endpoint
from stampbook.values.ids import ProgramId
from tests.cli.conftest import Stampbook

MEMBERS = 30


@pytest.fixture
def backend(sandbox: Stampbook, sqlite_url: str, tmp_path: Path) -> Iterator[Backend]:
    """The database of a sandbox with some members."""
    file = tmp_path / "members.csv"
    file.write_text("member_id\n" + "".join(f"m-{number}\n" for number in range(MEMBERS)))
    assert sandbox("import", "members", str(file)).code == 0
    opened = open_backend(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def endpoint(sandbox: Stampbook, backend: Backend) -> str:
    assert backend
    return sandbox("endpoint", "create", "https://shop.example/hooks").out.split()[0]


def statuses(backend: Backend) -> list[tuple[str, int]]:
    with backend.read() as unit:
        rows = unit.rows("SELECT status, count(*) FROM delivery GROUP BY status ORDER BY status")
    return [(str(status), int(number)) for status, number in rows]


def settle(backend: Backend, status: str) -> None:
    with backend.transaction() as unit:
        unit.run(
            "UPDATE delivery SET status = ?, attempts = 8, request_id = coalesce(request_id, id)",
            (status,),
        )


def test_the_past_is_counted_and_sent(sandbox: Stampbook, backend: Backend, endpoint: str) -> None:
    replay = ("webhooks", "replay", endpoint)
    assert sandbox(*replay, "--dry-run").out == f"{MEMBERS} facts would be sent.\n"
    one = sandbox(*replay, "--member", "m-3", "--dry-run", "--type", "member.enrolled")
    assert one.out == "1 facts would be sent.\n"
    assert sandbox(*replay, "--to", "2020-01-01", "--dry-run").out == "0 facts would be sent.\n"
    assert statuses(backend) == []
    done = sandbox(*replay, "--only", "undelivered")
    assert (done.code, done.out) == (0, f"{MEMBERS} facts are on their way.\n")
    assert statuses(backend) == [("pending", MEMBERS)]


def test_it_is_said_what_cannot_be_sent_any_more(
    sandbox: Stampbook, backend: Backend, endpoint: str
) -> None:
    with backend.transaction() as unit:
        unit.run("UPDATE fact SET body = ''")
    said = sandbox("webhooks", "replay", endpoint, "--dry-run").out
    assert said == (
        f"0 facts would be sent. {MEMBERS} more are left out: what they say is not kept any more.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (["--type", "points.earnd"], "sends no points.earnd", "points.earned"),
        (["--member", "nobody"], "no member nobody", "member_id"),
        (["--after", "x"], "x is no cursor", "next"),
        (["--per-second", "0"], "no pace", "--per-second"),
        (["--resume", "none"], "no replay none", "without --resume"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    sandbox: Stampbook, endpoint: str, arguments: list[str], message: str, remedy: str
) -> None:
    ran = sandbox("webhooks", "replay", endpoint, *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert remedy in ran.err


def test_an_endpoint_that_is_not_there_is_refused(sandbox: Stampbook, backend: Backend) -> None:
    assert backend
    for name in ("replay", "redrive", "failed"):
        ran = sandbox("webhooks", name, "none")
        assert (ran.code, ran.out) == (1, "")
        assert "stampbook endpoint list" in ran.err
    assert "no delivery none" in sandbox("webhooks", "resend", "none").err


def test_a_replay_that_was_interrupted_goes_on(
    sandbox: Stampbook, backend: Backend, endpoint: str
) -> None:
    def interrupt() -> None:
        while not statuses(backend):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    ran = sandbox("webhooks", "replay", endpoint, "--per-second", "0.5")
    thread.join()
    assert ran.code == 130
    assert "Interrupted after 1 facts" in ran.err
    with backend.read() as unit:
        [(replay, state)] = unit.rows("SELECT id, state FROM replay")
    assert state == "paused"
    assert f"stampbook webhooks replay {endpoint} --resume {replay}" in ran.err
    with backend.transaction() as unit:
        unit.run("UPDATE replay SET wish = '{\"until\": 999999}'")
    done = sandbox("webhooks", "replay", endpoint, "--resume", replay)
    assert (done.code, done.out) == (0, f"{MEMBERS} facts are on their way.\n")
    assert statuses(backend) == [("pending", MEMBERS)]
    over = sandbox("webhooks", "replay", endpoint, "--resume", replay)
    assert over.code == 1
    assert "finished" in over.err


def test_a_replay_may_be_left_to_the_servers(
    sandbox: Stampbook, backend: Backend, endpoint: str
) -> None:
    replay = sandbox("webhooks", "replay", endpoint, "--no-wait").out.strip()
    with backend.read() as unit:
        assert unit.rows("SELECT id, state FROM replay") == [(replay, "running")]
    assert statuses(backend) == []


def test_dead_letters_are_listed_and_sent_again(
    sandbox: Stampbook, backend: Backend, endpoint: str
) -> None:
    assert sandbox("webhooks", "replay", endpoint).code == 0
    settle(backend, "failed")
    listed = sandbox("webhooks", "failed", endpoint, "--last", "5").out
    assert listed.count("member.enrolled") == 5
    newest = next(line for line in listed.splitlines() if "member.enrolled" in line).split()[0]
    again = sandbox("webhooks", "resend", newest)
    assert again.code == 0
    with backend.read() as unit:
        assert unit.rows(
            "SELECT replay_id, status FROM delivery WHERE id = ?", (again.out.strip(),)
        ) == [(newest, "pending")]
    refused = sandbox("webhooks", "resend", again.out.strip())
    assert refused.code == 1
    assert "on its way" in refused.err
    done = sandbox("webhooks", "redrive", endpoint)
    assert (done.code, done.out) == (0, f"{MEMBERS} facts are on their way.\n")
    assert statuses(backend) == [("pending", MEMBERS + 1)]


def test_a_disabled_endpoint_is_brought_back(
    sandbox: Stampbook, backend: Backend, endpoint: str, tmp_path: Path
) -> None:
    with backend.transaction() as unit:
        [(program,)] = unit.rows("SELECT id FROM program")
        found = find_endpoint(unit, ProgramId(program), endpoint, lock=True)
        assert found is not None
        deactivate(unit, ProgramId(program), found, 1)
    refused = sandbox("webhooks", "replay", endpoint)
    assert refused.code == 1
    assert "Activate" in refused.err
    file = tmp_path / "more.csv"
    file.write_text("member_id\nlate-1\nlate-2\n")
    assert sandbox("import", "members", str(file)).code == 0
    back = sandbox("endpoint", "activate", endpoint)
    assert back.out == "Active, healthy, catching up with 2 facts.\n"
    assert sandbox("endpoint", "activate", endpoint).code == 0
