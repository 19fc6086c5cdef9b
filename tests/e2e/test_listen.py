"""`stampbook listen` brings a program's webhooks to a machine that nobody can dial."""

import base64
import signal
import time
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from stampbook.remote.listener import WAIT_SECONDS
from tests.e2e.laptop import listening
from tests.e2e.stand import SECONDS, Stand


def test_a_webhook_arrives_as_it_would_anywhere_and_the_listener_goes(stand: Stand) -> None:
    url = stand.sink.url("/hooks?tenant=7&debug")
    with listening(
        stand.server.port, stand.key, "--forward-to", url,
        "--event", "member.enrolled", "--print-secret",
    ) as laptop:  # fmt: skip
        laptop.line_with("Listening as")
        secret = laptop.line_with("Secret: ").removeprefix("Secret: ")
        stand.enrol("anna")
        [received] = stand.received(1)
        assert received.path == "/hooks?tenant=7&debug"
        Webhook(secret).verify(received.body, received.headers)
        assert received.headers["stampbook-sequence"] == "1"
        assert received.headers["host"] == f"127.0.0.1:{stand.sink.port}"
        line = laptop.line_with("member.enrolled")
        assert "204" in line
        assert received.headers["webhook-id"] in line
        [listener] = stand.listeners()
        stand.await_status(listener, "delivered")
        assert laptop.end(signal.SIGINT) == 0
    assert stand.listeners() == []


def test_a_listener_may_sign_with_a_secret_that_one_has(stand: Stand, tmp_path: Path) -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    file = tmp_path / "secret"
    file.write_text(f"{secret}\n")
    with listening(
        stand.server.port, stand.key, "--forward-to", stand.sink.url("/hooks"),
        "--event", "member.enrolled", "--secret-file", str(file),
    ) as laptop:  # fmt: skip
        laptop.line_with("Listening as")
        stand.enrol("anna")
        [received] = stand.received(1)
        Webhook(secret).verify(received.body, received.headers)
        assert laptop.end(signal.SIGINT) == 0


def test_a_failure_is_tried_again_and_a_dead_letter_comes_when_it_is_sent_again(
    stand: Stand,
) -> None:
    stand.sink.modes["/hooks"] = "fail"
    with listening(
        stand.server.port, stand.key, "--forward-to", stand.sink.url("/hooks"),
        "--event", "member.enrolled", "--format", "json",
    ) as laptop:  # fmt: skip
        laptop.line_with("Listening as")
        [listener] = stand.listeners()
        stand.conduct(listener, [1])
        stand.enrol("anna")
        first, second = laptop.event(), laptop.event()
        assert [one["status_code"] for one in (first, second)] == [500, 500]
        assert [one["number"] for one in (first, second)] == [1, 2]
        assert first["request_id"] == second["request_id"]
        assert first["body"] == second["body"]
        assert first["body"]["data"]["member"]["member_id"] == "anna"
        stand.await_status(listener, "failed")
        [delivery] = stand.deliveries(listener)
        tries = stand.call("GET", f"/v1/deliveries/{delivery['id']}")["attempts"]
        assert [(one["number"], one["response_excerpt"]) for one in tries] == [
            (2, "broken"),
            (1, "broken"),
        ]

        stand.sink.modes["/hooks"] = "accept"
        stand.call("POST", f"/v1/deliveries/{delivery['id']}/retry", {})
        third = laptop.event()
        assert (third["status_code"], third["received"]) == (204, True)
        stand.await_status(listener, "delivered")
        assert len(stand.received(3)) == 3
        assert laptop.end(signal.SIGTERM) == 0
    assert stand.listeners() == []


def test_a_listener_that_was_kept_gets_what_happened_meanwhile(stand: Stand) -> None:
    url = stand.sink.url("/hooks")
    with listening(stand.server.port, stand.key, "--keep", "--event", "member.enrolled") as laptop:
        laptop.line_with("Listening as")
        stand.enrol("anna")
        assert "200" in laptop.line_with("member.enrolled")  # shown, and so received
        [listener] = stand.listeners()
        stand.await_status(listener, "delivered")
        assert laptop.end() == 0
        assert listener in laptop.line_with("Kept")
    stand.enrol("ben")
    arguments = ("--endpoint", listener, "--forward-to", url)
    with listening(stand.server.port, stand.key, *arguments) as laptop:
        laptop.line_with("member.enrolled")
        stand.await_status(listener, "delivered")
        assert laptop.end() == 0
    assert stand.listeners() == [listener]
    [received] = stand.received(1)
    assert b'"ben"' in received.body


def test_a_command_that_was_killed_loses_nothing(stand: Stand) -> None:
    """What it had in hand is due again when its lease has run out."""
    stand.sink.modes["/hooks"] = "hang"
    url = stand.sink.url("/hooks")
    with listening(
        stand.server.port, stand.key, "--keep", "--forward-to", url, "--event", "member.enrolled"
    ) as laptop:
        laptop.line_with("Listening as")
        [listener] = stand.listeners()
        stand.enrol("anna")
        stand.received(1)
        laptop.kill()
    assert [one["status"] for one in stand.deliveries(listener)] == ["leased"]
    stand.enrol("ben")  # nobody listens, and nothing is leased to nobody
    time.sleep(0.5)
    assert sorted(one["status"] for one in stand.deliveries(listener)) == ["leased", "pending"]
    stand.change("UPDATE delivery SET leased_until_ms = 1 WHERE leased_until_ms IS NOT NULL")
    stand.sink.modes["/hooks"] = "accept"
    with listening(
        stand.server.port, stand.key, "--endpoint", listener, "--forward-to", url
    ) as laptop:
        stand.await_status(listener, "delivered")
        assert laptop.end() == 0
    first, *others = stand.received(3)
    again = {one.headers["webhook-id"]: one.body for one in others}
    assert len(again) == 2
    assert again[first.headers["webhook-id"]] == first.body


def test_a_restart_of_the_server_loses_and_doubles_nothing(stand: Stand) -> None:
    url = stand.sink.url("/hooks")
    with listening(
        stand.server.port, stand.key, "--forward-to", url, "--event", "member.enrolled"
    ) as laptop:
        laptop.line_with("Listening as")
        stand.enrol("anna")
        laptop.line_with("member.enrolled")
        [listener] = stand.listeners()
        stand.await_status(listener, "delivered")
        stand.server.kill()
        laptop.line_with("cannot be reached")
        stand.server.start()
        stand.enrol("ben")
        laptop.line_with("is back")
        laptop.line_with("member.enrolled")
        stand.await_status(listener, "delivered")
        assert laptop.end() == 0
    assert len(stand.received(2)) == 2


def test_a_server_stops_at_once_although_somebody_listens(stand: Stand) -> None:
    with listening(stand.server.port, stand.key) as laptop:
        laptop.line_with("Listening as")
        [listener] = stand.listeners()
        stand.await_pull(listener)
        assert stand.server.process is not None
        stand.server.process.terminate()
        assert stand.server.process.wait(8) == 0  # the grace for what is not answered is ten
        stand.server.process = None
        laptop.line_with("cannot be reached")
        stand.server.start()
        laptop.line_with("is back", WAIT_SECONDS / 2)  # it is said before there is news
        assert laptop.end() == 0
    assert stand.listeners() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--forward-to", "nowhere"], "no URL to send to"),
        (["--event", "points.earnd"], "Did you mean points.earned?"),
        (["--endpoint", "0" * 24], "no endpoint with this id"),
        (["--secret-file", "/nowhere"], "cannot be read"),
        (["--secret-file", "/dev/null"], "secret"),
        (["--endpoint", "0" * 24, "--secret-file", "x"], "stampbook endpoint rotate"),
        (["--api-key", "sb_wrong_" + "x" * 32], "unknown, malformed or revoked"),
        (["--api-url", "http://127.0.0.1:9"], "nobody answers there"),
    ],
)
def test_what_cannot_be_listened_to_is_said(
    sqlite_stand: Stand, arguments: list[str], said: str
) -> None:
    with listening(sqlite_stand.server.port, sqlite_stand.key, *arguments) as laptop:
        laptop.line_with(said)
        assert laptop.process.wait(SECONDS) == 1
