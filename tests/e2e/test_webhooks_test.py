"""`stampbook webhooks test` shows what an endpoint answers."""

import msgspec
import pytest

from stampbook.cli.main import main
from tests.e2e.stand import Stand


def run(stand: Stand, *arguments: str) -> int:
    url = f"http://127.0.0.1:{stand.server.port}"
    return main(["webhooks", "test", *arguments, "--api-url", url, "--api-key", stand.key])


def test_the_answer_and_the_signature_are_shown(
    sqlite_stand: Stand, capsys: pytest.CaptureFixture[str]
) -> None:
    stand = sqlite_stand
    made = stand.call("POST", "/v1/endpoints", {"url": stand.sink.url("/hooks")})
    endpoint, secret = made["endpoint"]["id"], made["secret"]
    assert run(stand, endpoint) == 0
    said = capsys.readouterr().out
    [received] = stand.received(1)
    assert "points.earned to http://127.0.0.1" in said
    assert received.headers["webhook-signature"] in said
    assert "204, " in said
    assert secret not in said

    stand.sink.modes["/hooks"] = "fail"
    assert run(stand, endpoint, "--type", "event_member_tierupgrade", "--json") == 1
    shown = capsys.readouterr()
    sent = msgspec.json.decode(shown.out)
    assert (sent["type"], sent["status_code"], sent["excerpt"]) == ("tier.upgraded", 500, "broken")
    assert "did not take it: 500" in shown.err
    assert stand.deliveries(endpoint) == []


def test_what_cannot_be_tested_is_said(
    sqlite_stand: Stand, capsys: pytest.CaptureFixture[str]
) -> None:
    stand = sqlite_stand
    listener = stand.call("POST", "/v1/endpoints", {"url": "listen:"})["endpoint"]["id"]
    for arguments, said in (
        ([listener], "Let something happen: stampbook trigger"),
        (["0" * 24], "no endpoint with this id"),
        ([listener, "--type", "points.earnd"], "Did you mean points.earned?"),
    ):
        assert run(stand, *arguments) == 1
        assert said in capsys.readouterr().err
