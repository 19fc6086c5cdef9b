"""OAuth2: one token for all who wait for it, kept while it is good, and no secret anywhere else."""

import base64
import json
import threading
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from stampbook.delivery.call import Request
from stampbook.delivery.credentials import ClientCredentials
from stampbook.delivery.resolver import ADDRESS_REFUSED
from stampbook.delivery.tokens import TOKENS_MAX, Granted, Tokens
from tests.delivery.sending import (
    WAIT_SECONDS,
    Names,
    Watch,
    a_request,
    names,
    policy,
    post,
    sending,
)
from tests.delivery.sink import Received, Sink

SECRET = "s3cr:et%2F+"


def credentials(sink: Sink, **changes: Any) -> ClientCredentials:
    known = ClientCredentials(token_url=sink.url("/token"), client_id="a b", client_secret=SECRET)
    return msgspec.structs.replace(known, **changes)


def request(sink: Sink, known: ClientCredentials, path: str = "/") -> Request:
    return msgspec.structs.replace(a_request(sink.url(path)), oauth=known)


def answer(body: object, status: str = "200 OK") -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(text), text)


def grant(sink: Sink, token: str, **more: object) -> None:
    sink.answers["/token"] = answer({"access_token": token, "token_type": "Bearer", **more})


def shown(received: list[Received]) -> list[str]:
    return [one.headers.get("authorization", "") for one in received]


def test_a_token_is_fetched_once_and_shown(sink: Sink) -> None:
    grant(sink, "first", expires_in=3600)
    known = credentials(sink, scope="hooks write", audience="https://shop.test")
    with sending(policy(allow_private=True)) as sender:
        responses = post(sender, *[request(sink, known)] * 20)
        responses += post(sender, request(sink, known))
    assert {one.status_code for one in responses} == {204}
    assert shown(sink.at("/")) == ["Bearer first"] * 21
    (asked,) = sink.at("/token")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["hooks write"],
        "audience": ["https://shop.test"],
    }
    scheme, pair = asked.headers["authorization"].split(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"a+b:s3cr%3Aet%252F%2B")


def test_an_endpoint_may_want_the_secret_in_the_form(sink: Sink) -> None:
    grant(sink, "first")
    known = credentials(sink, authenticate_in="form")
    with sending(policy(allow_private=True)) as sender:
        post(sender, request(sink, known))
    (asked,) = sink.at("/token")
    assert "authorization" not in asked.headers
    form = parse_qs(asked.body.decode())
    assert (form["client_id"], form["client_secret"]) == (["a b"], [SECRET])


def test_a_token_takes_the_place_of_another_authorization(sink: Sink) -> None:
    grant(sink, "first")
    custom = (("Authorization", "Basic abc"), ("x-shop", "1"))
    asking = msgspec.structs.replace(request(sink, credentials(sink)), headers=custom)
    with sending(policy(allow_private=True)) as sender:
        post(sender, asking, a_request(sink.url("/plain")))
    (received,) = sink.at("/")
    assert (received.headers["authorization"], received.headers["x-shop"]) == ("Bearer first", "1")
    assert shown(sink.at("/plain")) == [""]


@pytest.mark.parametrize(
    ("expires_in", "good_for", "bad_after"),
    [(100, 89, 91), ("100", 89, 91), (3600, 3569, 3571), (None, 269, 271), (10**9, 86_369, 86_371)],
)
def test_a_token_is_given_up_shortly_before_its_end(
    sink: Sink, expires_in: object, good_for: float, bad_after: float
) -> None:
    watch, known = Watch(), credentials(sink)
    grant(sink, "first", expires_in=expires_in)
    with sending(policy(allow_private=True), elapsed=watch) as sender:
        post(sender, request(sink, known))
        grant(sink, "second")
        watch.ahead = good_for
        post(sender, request(sink, known))
        watch.ahead = bad_after
        post(sender, request(sink, known))
    assert shown(sink.at("/")) == ["Bearer first", "Bearer first", "Bearer second"]


@pytest.mark.parametrize("expires_in", [0, -5])
def test_a_token_that_is_over_at_once_serves_only_those_who_waited(
    sink: Sink, expires_in: int
) -> None:
    grant(sink, "brief", expires_in=expires_in)
    known = credentials(sink)
    with sending(policy(allow_private=True)) as sender:
        for _ in range(2):
            responses = post(sender, *[request(sink, known)] * 3)
            assert {one.status_code for one in responses} == {204}
    assert len(sink.at("/token")) == 2


def test_a_refused_token_is_not_shown_again(sink: Sink) -> None:
    grant(sink, "stale", expires_in=3600)
    sink.answers["/"] = answer({}, "401 Unauthorized")
    known = credentials(sink)
    with sending(policy(allow_private=True)) as sender:
        (refused,) = post(sender, request(sink, known))
        grant(sink, "fresh", expires_in=3600)
        del sink.answers["/"]
        responses = post(sender, *[request(sink, known)] * 2)
    assert refused.status_code == 401
    assert {one.status_code for one in responses} == {204}
    assert shown(sink.at("/")) == ["Bearer stale", "Bearer fresh", "Bearer fresh"]
    assert len(sink.at("/token")) == 2


def test_a_late_refusal_of_an_old_token_keeps_the_new_one() -> None:
    tokens = Tokens()
    known = ClientCredentials(token_url="https://x.test/", client_id="a", client_secret="b")
    tokens.keep(known, Granted("new", 60), now=0)
    tokens.drop(known, "old")
    assert tokens.find(known, 1) == "new"
    tokens.drop(known, "new")
    assert tokens.find(known, 1) is None


def test_tokens_have_a_limit_and_the_oldest_goes() -> None:
    tokens = Tokens()
    known = [
        ClientCredentials(token_url="https://x.test/", client_id=str(number), client_secret="b")
        for number in range(TOKENS_MAX + 1)
    ]
    for one in known:
        tokens.keep(one, Granted(one.client_id, 60), now=0)
    assert tokens.find(known[0], 0) is None
    assert tokens.find(known[1], 0) == "1"
    assert tokens.find(known[-1], 0) == str(TOKENS_MAX)


def test_other_credentials_get_another_token(sink: Sink) -> None:
    ours, theirs = credentials(sink), credentials(sink, client_secret="other")
    grant(sink, "first", expires_in=3600)
    with sending(policy(allow_private=True)) as sender:
        post(sender, request(sink, ours))
        grant(sink, "second", expires_in=3600)
        post(sender, request(sink, theirs), request(sink, ours))
    assert sorted(shown(sink.at("/"))) == ["Bearer first", "Bearer first", "Bearer second"]


@pytest.mark.parametrize(
    ("answered", "error"),
    [
        (answer({"error": SECRET}, "400 Bad Request"), "the token endpoint answered 400"),
        (answer({}, "302 Found"), "the token endpoint answered 302"),
        (answer({}, "500 Oops"), "the token endpoint answered 500"),
        (answer({"error": SECRET}), "the token endpoint answered without a token"),
        (answer(b"<html>"), "the token endpoint answered without a token"),
        (answer(b""), "the token endpoint answered without a token"),
        (
            answer({"access_token": "a\r\nx-evil: 1"}),
            "the token endpoint answered with a token that cannot be sent",
        ),
        (
            answer({"access_token": ""}),
            "the token endpoint answered with a token that cannot be sent",
        ),
        (
            answer({"access_token": "x" * 20_000}),
            "the token endpoint answered with a token that cannot be sent",
        ),
        (
            answer({"access_token": "x" * 40_000}),
            "the token endpoint answered without a token",
        ),
        (
            answer({"access_token": "abc", "token_type": "mac"}),
            "the token endpoint answered with a token of an unknown type",
        ),
        (b"", "the token endpoint: closed without an answer"),
    ],
    ids=range(12),
)
def test_a_fetch_that_fails_says_so_and_tells_no_secret(
    sink: Sink, answered: bytes, error: str
) -> None:
    sink.answers["/token"] = answered
    if not answered:
        sink.modes["/token"] = "close"
    known = credentials(sink)
    with sending(policy(allow_private=True)) as sender:
        responses = post(sender, *[request(sink, known)] * 5, a_request(sink.url("/plain")))
        assert [(one.status_code, one.error) for one in responses[:5]] == [(None, error)] * 5
        assert responses[5].status_code == 204
        assert not any(SECRET in repr(one) for one in responses)
        assert len(sink.at("/token")) == 1
        grant(sink, "at-last")
        sink.modes.clear()
        (delivered,) = post(sender, request(sink, known))
    assert delivered.status_code == 204
    assert shown(sink.at("/")) == ["Bearer at-last"]


def test_the_guard_stands_before_the_token_endpoint_too(sink: Sink) -> None:
    grant(sink, "inner")
    inner = credentials(sink, token_url=f"http://inner.test:{sink.port}/token")
    bad = credentials(sink, token_url="file:///etc/hostname")
    said = names(inner__test="127.0.0.2", shop__test="127.0.0.1")
    with sending(policy("127.0.0.1"), said) as sender:
        refused, unfit = post(sender, request(sink, inner), request(sink, bad))
    assert refused.error == f"the token endpoint: {ADDRESS_REFUSED}"
    assert unfit.error == "the token endpoint: only http and https are sent"
    assert sink.received == []


def test_a_hung_token_endpoint_ends_with_the_patience_of_those_who_wait(sink: Sink) -> None:
    sink.modes["/token"] = "hang"
    known = credentials(sink)
    with sending(policy(allow_private=True, total_timeout_ms=300)) as sender:
        for number in range(10):
            sender.start(number, request(sink, known))
        quick = msgspec.structs.replace(request(sink, known), total_timeout_ms=50)
        sender.start(10, quick)
        ended = sender.wait(WAIT_SECONDS)
        assert [(ticket, one.error) for ticket, one in ended] == [(10, "timed out")]
        while sender.in_flight:
            ended += sender.wait(WAIT_SECONDS)
    assert sorted(ticket for ticket, _ in ended) == list(range(11))
    assert all("timed out" in (one.error or "") for _, one in ended)
    assert sink.at("/") == []


def test_a_token_endpoint_whose_name_hangs_ends_too(sink: Sink) -> None:
    release = threading.Event()
    said = Names({"hung.test": [["127.0.0.1"]]}, hung={"hung.test": release})
    known = credentials(sink, token_url=sink.url_of("hung.test", "/token"))
    rule = policy(allow_private=True, connect_timeout_ms=50, total_timeout_ms=200)
    with sending(rule, said) as sender:
        responses = post(sender, *[request(sink, known)] * 3)
        assert [one.error for one in responses] == ["the token endpoint: timed out"] * 3
        release.set()
    assert sink.received == []


@pytest.mark.parametrize("kinds", [1, 4, 16])
def test_fetches_fit_into_what_may_be_in_flight(sink: Sink, kinds: int) -> None:
    """A full sender of requests that all wait for tokens goes on, with no more calls than them."""
    grant(sink, "good", expires_in=0)
    known = [credentials(sink, client_id=str(number)) for number in range(kinds)]
    with sending(policy(allow_private=True), in_flight_max=16) as sender:
        for _ in range(5):
            responses = post(sender, *[request(sink, known[n % kinds]) for n in range(16)])
            assert {one.status_code for one in responses} == {204}
    assert len({one.connection for one in sink.received}) <= 32
    assert len(sink.at("/token")) == 5 * kinds


def test_credentials_are_never_printed(sink: Sink) -> None:
    assert SECRET not in repr(request(sink, credentials(sink)))
