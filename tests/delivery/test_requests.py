"""Each request arrives as it was given, whatever the handle and its connection served before."""

import random
import socket
import threading
from collections.abc import Generator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampbook.delivery.call import Request
from stampbook.delivery.sender import IN_FLIGHT_MAX
from tests.delivery.sending import WAIT_SECONDS, a_request, names, policy, post, sending
from tests.delivery.sink import Mode, Sink, running_sink

OURS = {"host", "user-agent", "accept", "accept-encoding", "content-length", "content-type"}
MODES: tuple[Mode, ...] = ("accept", "slow", "fail", "busy", "close", "cut", "leave")


@pytest.fixture(scope="module")
def shared_sink() -> Generator[Sink]:
    with running_sink() as sink:
        yield sink


header = st.tuples(
    st.sampled_from(["x-a", "x-b", "x-c", "webhook-id"]),
    st.text(alphabet="abc ;:=,", max_size=20).map(str.strip),
)
posts = st.lists(
    st.tuples(
        st.lists(header, max_size=4, unique_by=lambda pair: pair[0]), st.binary(max_size=300)
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(posts, st.booleans())
def test_nothing_of_one_request_is_in_another(
    shared_sink: Sink,
    given_posts: list[tuple[list[tuple[str, str]], bytes]],
    one_by_one: bool,  # noqa: FBT001 - drawn
) -> None:
    shared_sink.received.clear()
    requests = [
        Request(url=shared_sink.url(f"/{number}"), headers=tuple(headers), body=body)
        for number, (headers, body) in enumerate(given_posts)
    ]
    with sending(policy(allow_private=True)) as sender:
        for group in [[one] for one in requests] if one_by_one else [requests]:
            assert {one.status_code for one in post(sender, *group)} == {204}
    assert len(shared_sink.received) == len(requests)
    for number, (headers, body) in enumerate(given_posts):
        (received,) = shared_sink.at(f"/{number}")
        assert received.body == body
        assert {
            name: value for name, value in received.headers.items() if name not in OURS
        } == dict(headers)


def test_each_request_has_its_own_patience(sink: Sink) -> None:
    sink.modes |= {"/hang": "hang", "/slow": "slow"}
    slow = a_request(sink.url("/slow"))
    with sending(policy(allow_private=True)) as sender:
        for brief in (
            msgspec.structs.replace(a_request(sink.url("/hang")), total_timeout_ms=30),
            msgspec.structs.replace(slow, total_timeout_ms=1),
        ):
            (given_up,) = post(sender, brief)
            assert given_up.error == "timed out"
            (answered,) = post(sender, slow)
            assert answered.status_code == 204


def test_a_time_out_of_the_connection_is_the_requests(sink: Sink) -> None:
    """A listener whose queue is full answers nobody: its first guests are never let in."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        with sending(policy(allow_private=True, total_timeout_ms=20_000)) as sender:
            brief = msgspec.structs.replace(
                a_request(f"http://127.0.0.1:{port}/"),
                connect_timeout_ms=100,
                total_timeout_ms=1_500,
            )
            responses = post(sender, *[brief] * 8)
            assert {one.error for one in responses} == {"timed out"}
            durations = [one.duration_ms for one in responses]
            assert min(durations) < max(durations), "some were let in and some were not"
            (answered,) = post(sender, sink.url())
    assert answered.status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        (("x-a", "1\r\nx-evil: 1"),),
        (("x-a", "1\nx-evil: 1"),),
        (("x-a\r\nx-evil", "1"),),
        (("x-a", "1\0"),),
        (("x-a", "\ud800"),),
    ],
)
def test_no_header_smuggles_another(sink: Sink, headers: tuple[tuple[str, str], ...]) -> None:
    with sending(policy(allow_private=True)) as sender:
        bad = Request(url=sink.url(), headers=headers, body=b"")
        refused, sent = post(sender, bad, sink.url())
    assert (refused.status_code, refused.error) == (None, "the request is malformed")
    assert sent.status_code == 204
    assert len(sink.received) == 1


def test_as_many_are_in_flight_as_the_sender_is_told(sink: Sink) -> None:
    sink.modes["/"] = "hang"
    many = 3 * IN_FLIGHT_MAX
    with sending(policy(allow_private=True), in_flight_max=many) as sender:
        for number in range(many):
            sender.start(number, a_request(sink.url()))
        with pytest.raises(AssertionError, match="more than it may hold"):
            sender.start(many, a_request(sink.url()))
        for _ in range(WAIT_SECONDS * 20):
            if sink.wait_for(many, 0):
                break
            sender.wait(0.05)
        assert len(sink.received) == many


def test_every_request_has_an_answer_while_connections_and_sockets_come_and_go(
    sink: Sink,
) -> None:
    """Numbers of sockets are given again at once, here and in another thread of the process."""
    stopped = threading.Event()

    def churn() -> None:
        while not stopped.wait(0.0005):
            pair = socket.socketpair()
            for end in pair:
                end.close()

    sink.modes |= {f"/{mode}": mode for mode in MODES}
    chance = random.Random(11)
    said = names(**{f"shop{number}__test": "127.0.0.1" for number in range(4)})
    thread = threading.Thread(target=churn)
    thread.start()
    try:
        with sending(policy(allow_private=True), said) as sender:
            for _ in range(30):
                hosts = [f"shop{chance.randrange(4)}.test" for _ in range(chance.randint(1, 40))]
                urls = [sink.url_of(host, f"/{chance.choice(MODES)}") for host in hosts]
                for url, response in zip(urls, post(sender, *urls), strict=True):
                    assert response.status_code == _expected(url.rpartition("/")[2])
    finally:
        stopped.set()
        thread.join(WAIT_SECONDS)


def _expected(mode: str) -> int | None:
    known = {"fail": 500, "busy": 429, "close": None, "cut": 200}
    return known.get(mode, 204)


def test_being_called_ends_a_wait_and_an_answer_to_a_name_does_not(sink: Sink) -> None:
    with sending(policy(allow_private=True), names(shop__test="127.0.0.1")) as sender:
        sender.wake()
        assert sender.wait(WAIT_SECONDS) == []
        sender.start(1, a_request(sink.url_of("shop.test")))
        ((ticket, response),) = sender.wait(WAIT_SECONDS)
        assert (ticket, response.status_code) == (1, 204)
    sender.wake()  # nobody is there any more, and that is no error
