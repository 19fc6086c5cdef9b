import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from stampbook.delivery.call import (
    EXCERPT_BYTES_MAX,
    Policy,
    Request,
    Response,
    system_certificates,
)
from stampbook.delivery.resolver import ADDRESS_REFUSED
from stampbook.delivery.sender import Sender
from tests.delivery.certificates import self_signed
from tests.delivery.sink import RETRY_AFTER_SECONDS, Sink, running_sink

LOOPBACK_SPELLINGS = (
    "127.0.0.1",
    "localhost",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
)
NEVER_SPELLINGS = ("0.0.0.0", "169.254.169.254", "[::ffff:169.254.169.254]", "[ff02::1]")


def send(
    urls: Sequence[str],
    *,
    allow_private: bool,
    timeout_ms: int = 15_000,
    certificates: str | None = None,
) -> list[Response]:
    policy = Policy(
        allow_private=allow_private,
        certificates=certificates,
        user_agent="Stampbook",
        total_timeout_ms=timeout_ms,
    )
    sender = Sender[str](policy)
    for url in urls:
        sender.start(url, Request(url=url, headers=(("content-type", "text/plain"),), body=b"hi"))
    answers: dict[str, Response] = {}
    while sender.in_flight:
        answers.update(sender.wait(1))
    sender.close()
    return [answers[url] for url in urls]


def test_a_post_arrives_as_it_was_given(sink: Sink) -> None:
    (response,) = send([sink.url("/a?b=c")], allow_private=True)
    (received,) = sink.received
    assert response.status_code == 204
    assert response.error is None
    assert (received.path, received.body) == ("/a?b=c", b"hi")
    assert received.headers["content-type"] == "text/plain"
    assert received.headers["user-agent"] == "Stampbook"


def test_answers_are_read(sink: Sink) -> None:
    sink.modes.update({"/busy": "busy", "/redirect": "redirect", "/close": "close"})
    busy, redirect, closed = send(
        [sink.url(path) for path in ("/busy", "/redirect", "/close")], allow_private=True
    )
    assert (busy.status_code, busy.retry_after_seconds) == (429, RETRY_AFTER_SECONDS)
    assert redirect.status_code == 302
    assert (closed.status_code, closed.error) == (None, "closed without an answer")
    assert sink.at("/elsewhere") == []


def test_no_spelling_of_a_forbidden_address_is_dialled(sink: Sink) -> None:
    hosts = (*LOOPBACK_SPELLINGS, *NEVER_SPELLINGS)
    responses = send([f"http://{host}:{sink.port}/" for host in hosts], allow_private=False)
    assert [response.error for response in responses] == [ADDRESS_REFUSED] * len(hosts)
    assert sink.received == []


def test_metadata_and_nowhere_stay_closed_when_private_networks_are_open(sink: Sink) -> None:
    urls = [f"http://{host}:{sink.port}/" for host in NEVER_SPELLINGS]
    assert {one.error for one in send(urls, allow_private=True)} == {ADDRESS_REFUSED}


def test_a_proxy_of_the_environment_is_not_used(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    (response,) = send([sink.url()], allow_private=True)
    assert response.status_code == 204


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("file:///etc/hostname", "only http and https are sent"),
        ("gopher://127.0.0.1/", "only http and https are sent"),
        ("ht tp://x/", "the URL is malformed"),
        ("http://x\0y/", "the URL is malformed"),
        ("http://\ud800/", "the URL is malformed"),
        ("http://127.0.0.1\\@127.0.0.2/", "the URL is malformed"),
    ],
)
def test_what_is_no_web_address_is_not_sent(url: str, error: str) -> None:
    (response,) = send([url], allow_private=True)
    assert (response.status_code, response.error) == (None, error)


def test_nobody_listening_is_an_error_and_no_status() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (response,) = send([f"http://127.0.0.1:{port}/"], allow_private=True)
    assert (response.status_code, response.error) == (None, "could not connect")


def test_a_hung_call_ends_and_others_do_not_wait_for_it(sink: Sink) -> None:
    sink.modes["/hang"] = "hang"
    hung, quick = send(
        [sink.url("/hang"), sink.url("/quick")], allow_private=True, timeout_ms=1_000
    )
    assert hung.error == "timed out"
    assert quick.status_code == 204
    assert quick.duration_ms < hung.duration_ms


def test_an_answer_that_never_ends_is_cut(sink: Sink) -> None:
    sink.modes |= {"/promise": "promise", "/trickle": "trickle", "/flood": "flood"}
    promise, trickle, flood = send(
        [sink.url(path) for path in ("/promise", "/trickle", "/flood")],
        allow_private=True,
        timeout_ms=200,
    )
    assert (promise.status_code, promise.error) == (None, "timed out")
    assert (trickle.status_code, trickle.error) == (200, None)
    assert (flood.status_code, len(flood.excerpt)) == (200, EXCERPT_BYTES_MAX)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with running_sink(certificate) as sink:
        (stranger,) = send([sink.url()], allow_private=True, certificates=system_certificates())
        assert (stranger.status_code, stranger.error) == (None, "the certificate is not trusted")
        assert sink.received == []
        (known,) = send([sink.url()], allow_private=True, certificates=str(certificate))
        assert (known.status_code, known.error) == (204, None)
