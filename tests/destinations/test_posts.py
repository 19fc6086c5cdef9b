import socket
import threading
from collections.abc import Generator

import pytest

from stampbook.delivery.call import Request
from stampbook.delivery.destinations import choose, known
from stampbook.delivery.gate import Gate, TargetRefusedError, vetting
from stampbook.delivery.links import Limits
from stampbook.delivery.posts import Posts
from tests.delivery.sink import Sink, running_sink
from tests.destinations.letters import PostsMaker, a_letter, a_sender, error_of, send, statuses
from tests.destinations.peers import NATS_GREETING, REPLY_TO, Peer, keep, running_peer, welcome

SILENT = ("nats://a:b@{}/loyalty", "amqp://a:b@{}/?routing_key=x", "kafka://{}/loyalty")
IMPATIENT = Limits(connect_seconds=0.3, total_seconds=0.6)


@pytest.fixture
def silent() -> Generator[Peer]:
    with running_peer() as peer:
        yield peer


@pytest.fixture
def sink() -> Generator[Sink]:
    with running_sink() as running:
        yield running


def test_http_goes_its_old_way(sink: Sink, posts: Posts[str]) -> None:
    letter = a_letter(sink.url("/shop?a=b"))
    (response,) = send(posts, letter)
    (received,) = sink.received
    assert response.status_code == 204
    assert (received.path, received.body) == ("/shop?a=b", letter.body)


@pytest.mark.parametrize("url", SILENT)
def test_a_broker_that_accepts_and_stays_silent_times_out(
    url: str, silent: Peer, make_posts: PostsMaker
) -> None:
    posts = make_posts(limits=IMPATIENT)
    (response,) = send(posts, a_letter(url.format(f"127.0.0.1:{silent.port}")))
    assert error_of(response) == "timed out"
    assert silent.connections > 0


def test_a_message_that_is_never_acknowledged_times_out_and_its_link_is_left(
    make_posts: PostsMaker,
) -> None:
    posts = make_posts(limits=IMPATIENT)
    with running_peer(NATS_GREETING, welcome) as peer:
        url = f"nats://127.0.0.1:{peer.port}/loyalty"
        first, second = send(posts, a_letter(url))[0], send(posts, a_letter(url))[0]
        assert error_of(first) == error_of(second) == "timed out"
        assert peer.wait_for_parted(2)
        assert peer.connections == 2
        assert peer.heard.count(b"HPUB loyalty ") == 2


def test_a_link_is_used_again_and_closed_when_nobody_uses_it(make_posts: PostsMaker) -> None:
    posts = make_posts(limits=Limits(idle_seconds=0.5))
    with running_peer(NATS_GREETING, keep) as peer:
        letter = a_letter(f"nats://127.0.0.1:{peer.port}/loyalty")
        assert statuses([*send(posts, letter), *send(posts, letter)]) == [200, 200]
        assert peer.connections == 1
        assert peer.wait_for_parted(1)
        assert statuses(send(posts, letter)) == [200]
        assert peer.connections == 2


def test_there_are_only_so_many_links(make_posts: PostsMaker) -> None:
    posts = make_posts(limits=Limits(links_max=2))
    with running_peer(NATS_GREETING, keep) as peer:
        for number in range(4):
            (response,) = send(posts, a_letter(f"nats://127.0.0.1:{peer.port}/loyalty.{number}"))
            assert response.status_code == 200
        assert peer.wait_for_parted(2)
        assert peer.connections == 4
        assert statuses(send(posts, a_letter(f"nats://127.0.0.1:{peer.port}/loyalty.3"))) == [200]
        assert peer.connections == 4


@pytest.mark.parametrize(
    ("url", "greeting", "flood"),
    [
        (SILENT[0], NATS_GREETING, b"PONG\r\nMSG x 1 2000000000\r\n" + b"x" * 4_000_000),
        (SILENT[1], b"", b"\1\0\0\x7f\xff\xff\xff" + b"x" * 4_000_000),
    ],
)
def test_a_broker_that_says_too_much_is_left(
    url: str, greeting: bytes, flood: bytes, posts: Posts[str]
) -> None:
    with running_peer(greeting, lambda _: flood) as peer:
        (response,) = send(posts, a_letter(url.format(f"127.0.0.1:{peer.port}")))
        assert error_of(response) == "the connection was closed"
        assert peer.wait_for_parted(1)


def test_what_a_broker_says_is_cut_and_made_printable(posts: Posts[str]) -> None:
    def refuse(heard: bytes) -> bytes:
        said = b'{"error":{"description":"no\\u0000\\n%s"}}' % (b"x" * 10_000)
        places = REPLY_TO.findall(heard)
        refused = (b"MSG %s 1 %d\r\n%s\r\n" % (place, len(said), said) for place in places)
        return welcome(heard) + b"".join(refused)

    with running_peer(NATS_GREETING, refuse) as peer:
        (response,) = send(posts, a_letter(f"nats://127.0.0.1:{peer.port}/loyalty"))
    said = error_of(response)
    assert said.startswith("the stream refused the message: nox")
    assert said.isprintable()
    assert len(said) < 300


@pytest.mark.parametrize("url", SILENT)
def test_a_hung_broker_does_not_hold_up_http(
    url: str, silent: Peer, sink: Sink, posts: Posts[str]
) -> None:
    for number in range(16):
        posts.start(f"hung-{number}", a_letter(url.format(f"127.0.0.1:{silent.port}")))
    for number in range(16):
        posts.start(f"quick-{number}", a_letter(sink.url()))
    answers: list[str] = []
    while len(answers) < 16:
        answers += [ticket for ticket, _ in posts.wait(1)]
    assert {ticket.partition("-")[0] for ticket in answers} == {"quick"}
    assert posts.in_flight == 16


def test_close_ends_every_thread_whatever_is_in_flight(silent: Peer) -> None:
    before = set(threading.enumerate())
    posts = Posts[str](a_sender(), choose(known()), Gate(vetting(allow_private=True)))
    for url in SILENT:
        posts.start(url, a_letter(url.format(f"127.0.0.1:{silent.port}")))
    while silent.connections < 3:
        posts.wait(0.05)
    posts.close()
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith(("links", "gate")):
            thread.join(10)
            assert not thread.is_alive()


def test_an_answer_ends_a_wait(posts: Posts[str]) -> None:
    with running_peer(NATS_GREETING, keep) as peer:
        posts.start("only", a_letter(f"nats://127.0.0.1:{peer.port}/loyalty"))
        ((ticket, response),) = posts.wait(600)
    assert (ticket, response.status_code) == ("only", 200)


def test_wake_ends_a_wait(posts: Posts[str]) -> None:
    threading.Timer(0.05, posts.wake).start()
    assert posts.wait(60) == []


def test_an_address_that_is_not_allowed_is_not_dialled(
    silent: Peer, make_posts: PostsMaker
) -> None:
    posts = make_posts(vet=vetting(allow_private=False))
    hosts = ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0")
    urls = [url.format(f"{host}:{silent.port}") for host in hosts for url in SILENT]
    responses = send(posts, *(a_letter(url) for url in urls))
    assert {error_of(response) for response in responses} == {"the address is not allowed"}
    assert silent.connections == 0


def test_one_address_that_is_not_allowed_refuses_its_host() -> None:
    def look_up(_host: str, _port: int) -> tuple[str, ...]:
        return ("93.184.215.14", "127.0.0.1")

    with pytest.raises(TargetRefusedError):
        vetting(allow_private=False, look_up=look_up)("broker.shop.example", 4222)
    assert vetting(allow_private=True, look_up=look_up)("broker.shop.example", 4222)


@pytest.mark.parametrize("url", SILENT)
def test_nobody_listening_is_a_failure(url: str, posts: Posts[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (response,) = send(posts, a_letter(url.format(f"127.0.0.1:{port}")))
    assert error_of(response) == "could not connect"


def test_what_was_not_chosen_is_not_sent(silent: Peer) -> None:
    posts = Posts[str](a_sender(), choose(("nats",)), Gate(vetting(allow_private=True)))
    address = f"127.0.0.1:{silent.port}"
    urls = (f"amqp://a:secret@{address}/?routing_key=x", f"gopher://{address}/", "nats://a:secret@")
    responses = send(posts, *(a_letter(url) for url in urls))
    posts.close()
    assert statuses(responses) == [None] * 3
    assert all(error_of(response).startswith("not sent: ") for response in responses)
    assert not any("secret" in error_of(response) for response in responses)
    assert silent.connections == 0


def test_a_request_that_cannot_be_published_fails_alone(posts: Posts[str]) -> None:
    with running_peer(NATS_GREETING, keep) as peer:
        letter = a_letter(f"nats://127.0.0.1:{peer.port}/loyalty")
        nameless = Request(url=letter.url, headers=(), body=b"{}")
        first, odd, last = send(posts, letter, nameless, letter)
    assert statuses([first, last]) == [200, 200]
    assert error_of(odd) == "could not be published: KeyError"
