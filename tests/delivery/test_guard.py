"""No name, redirect, answer or kept connection leads to an address that was not vetted."""

import re
import socket
import time
from collections.abc import Generator
from ipaddress import ip_address

import pytest

from stampbook.delivery.call import Plan, Response
from stampbook.delivery.resolver import ADDRESS_REFUSED, NAME_NOT_FOUND, Found
from stampbook.delivery.wire import Wire
from stampbook.values.egress import Target, target_of
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
from tests.delivery.sink import Sink, running_sink

OPEN, CLOSED = "127.0.0.1", "127.0.0.2"
"""Two addresses of loopback: the first is opened by the operator, the second is not."""
AN_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f]*:|\d{4,}")


@pytest.fixture
def inner(sink: Sink) -> Generator[Sink]:
    """A receiver at the closed address, on the same port."""
    with running_sink(host=CLOSED, port=sink.port) as other:
        yield other


def test_a_name_leads_to_the_address_that_was_vetted_whatever_this_system_says(
    sink: Sink, inner: Sink
) -> None:
    with sending(policy(CLOSED), names(localhost=CLOSED, shop__test=CLOSED)) as sender:
        responses = post(sender, sink.url_of("localhost"), sink.url_of("shop.test"))
    assert [one.status_code for one in responses] == [204, 204]
    assert (len(inner.received), len(sink.received)) == (2, 0)


def test_the_receiver_still_hears_its_own_name(sink: Sink) -> None:
    with sending(policy(OPEN), names(shop__test=OPEN)) as sender:
        post(sender, sink.url_of("Shop.Test", "/hook"))
    assert sink.received[0].headers["host"] == f"Shop.Test:{sink.port}"


def test_an_answer_that_changes_after_it_was_vetted_changes_nothing(
    sink: Sink, inner: Sink
) -> None:
    sink.modes["/"] = "leave"  # so that each request dials
    rebinding = Names({"shop.test": [[OPEN], [CLOSED]]})
    with sending(policy(OPEN), rebinding) as sender:
        responses = [post(sender, sink.url_of("shop.test"))[0] for _ in range(3)]
    assert [one.status_code for one in responses] == [204] * 3
    assert (len(sink.received), len(inner.received)) == (3, 0)
    assert rebinding.asked == ["shop.test"]


@pytest.mark.parametrize("mode", ["accept", "leave"])
def test_a_changed_answer_is_vetted_again_even_for_a_connection_that_is_kept(
    sink: Sink, inner: Sink, mode: str
) -> None:
    sink.modes["/"] = "leave" if mode == "leave" else "accept"
    rebinding, watch = Names({"shop.test": [[OPEN], [CLOSED]]}), Watch()
    with sending(policy(OPEN), rebinding, elapsed=watch) as sender:
        (delivered,) = post(sender, sink.url_of("shop.test"))
        watch.ahead += 31
        (refused,) = post(sender, sink.url_of("shop.test"))
    assert delivered.status_code == 204
    assert (refused.status_code, refused.error) == (None, ADDRESS_REFUSED)
    assert (len(sink.received), len(inner.received)) == (1, 0)


@pytest.mark.parametrize("answers", [f"{OPEN} {CLOSED}", f"{CLOSED} {OPEN}", f"{OPEN} ::1"])
def test_one_forbidden_address_refuses_the_whole_name(
    sink: Sink, inner: Sink, answers: str
) -> None:
    with sending(policy(OPEN), names(shop__test=answers)) as sender:
        (response,) = post(sender, sink.url_of("shop.test"))
    assert response.error == ADDRESS_REFUSED
    assert sink.received == inner.received == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "shop.localhost"])
def test_a_name_of_this_system_is_vetted_like_any_other(sink: Sink, host: str) -> None:
    said = Names({host.lower(): [[OPEN]]})
    with sending(policy(CLOSED), said) as sender:
        (response,) = post(sender, sink.url_of(host))
    assert response.error == ADDRESS_REFUSED
    assert sink.received == []


def test_every_vetted_address_is_tried(sink: Sink) -> None:
    """Nobody listens at the first two."""
    with sending(policy("127.0.0.0/8"), names(shop__test=f"127.0.0.3 127.0.0.4 {OPEN}")) as sender:
        (response,) = post(sender, sink.url_of("shop.test"))
    assert response.status_code == 204


def test_connections_are_kept_and_used_again(sink: Sink) -> None:
    with sending(policy(OPEN), names(shop__test=OPEN, other__test=OPEN)) as sender:
        for _ in range(3):
            post(sender, sink.url_of("shop.test"), sink.url_of(OPEN, "/by-address"))
        post(sender, sink.url_of("other.test", "/other"))
    connections = [{one.connection for one in sink.at(path)} for path in ("/", "/by-address")]
    assert [len(one) for one in connections] == [1, 1]
    assert sink.at("/other")[0].connection not in connections[0] | connections[1]


def test_a_redirect_is_not_followed(sink: Sink, inner: Sink) -> None:
    location = inner.url("/inside").encode()
    sink.answers["/"] = (
        b"HTTP/1.1 307 Moved\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % location
    )
    with sending(policy(OPEN, CLOSED)) as sender:  # not even where the guard would let it
        (response,) = post(sender, sink.url())
    assert response.status_code == 307
    assert inner.received == []


def test_libcurl_looks_nothing_up_even_if_it_reads_another_host(sink: Sink) -> None:
    """As if our reading of a URL and libcurl's were not the same."""
    elsewhere = Target("shop.test", sink.port, None)
    response = call(sink.url_of("localhost"), elsewhere, vetted=OPEN)
    assert (response.status_code, response.error) == (None, ADDRESS_REFUSED)
    assert sink.received == []


def test_libcurl_dials_nothing_else_even_if_it_wants_to(sink: Sink) -> None:
    literal = target_of(sink.url())
    assert literal is not None
    response = call(sink.url(), literal, vetted=CLOSED)
    assert (response.status_code, response.error) == (None, ADDRESS_REFUSED)
    assert sink.received == []


def call(url: str, target: Target, *, vetted: str) -> Response:
    """Make a call behind the back of the sender."""
    wire = Wire[str](policy(allow_private=True), connections_kept=1, elapsed=time.monotonic)
    found = Found((ip_address(vetted),), vetted, None, 0)
    wire.start("it", a_request(url), Plan(target, found, 5_000, 5_000))
    ended: list[tuple[str, Response]] = []
    while not ended:
        ended = wire.move(WAIT_SECONDS)
    wire.close()
    return ended[0][1]


def test_a_subnet_opens_only_itself(sink: Sink, inner: Sink) -> None:
    with sending(policy("127.0.0.0/31"), names(shop__test=OPEN)) as sender:
        opened, shut, named = post(sender, sink.url(), inner.url(), sink.url_of("shop.test"))
    assert [opened.status_code, shut.status_code, named.status_code] == [204, None, 204]
    assert shut.error == ADDRESS_REFUSED
    assert inner.received == []


def test_errors_speak_of_the_target_and_never_of_our_network(sink: Sink) -> None:
    sink.modes |= {"/close": "close", "/babble": "babble", "/hang": "hang", "/promise": "promise"}
    with socket.create_server((OPEN, 0)) as listener:
        nobody = listener.getsockname()[1]
    said = names(shop__test=OPEN, inner__test=CLOSED, empty__test="", gone__test=f"{OPEN}")
    with sending(policy(OPEN, total_timeout_ms=300), said) as sender:
        responses = post(
            sender,
            sink.url_of("inner.test"),
            sink.url_of("empty.test"),
            sink.url_of("unknown.test"),
            f"http://gone.test:{nobody}/",
            sink.url_of("shop.test", "/close"),
            sink.url_of("shop.test", "/babble"),
            sink.url_of("shop.test", "/hang"),
            sink.url_of("shop.test", "/promise"),
            "http://a..test/",
        )
    errors = [one.error or "" for one in responses]
    assert [one.status_code for one in responses] == [None] * len(responses)
    assert errors == [
        ADDRESS_REFUSED,
        NAME_NOT_FOUND,
        NAME_NOT_FOUND,
        "could not connect",
        "closed without an answer",
        "the answer is not HTTP",
        "timed out",
        "timed out",
        NAME_NOT_FOUND,
    ]
    assert not any(AN_ADDRESS.search(error) or "10.11" in error for error in errors)
