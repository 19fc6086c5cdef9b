import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from stampbook.delivery.call import Response
from stampbook.delivery.posts import Posts
from tests.destinations.brokers import NATS_NAME, NATS_PASSWORD, NATS_USER, NatsServer
from tests.destinations.letters import (
    PostsMaker,
    a_letter,
    error_of,
    id_in,
    receipt_of,
    send,
    statuses,
    verified,
)
from tests.destinations.peers import NATS_GREETING, running_peer

R = TypeVar("R")


def with_jetstream(
    server: NatsServer,
    use: Callable[[Any], Awaitable[R]],
    tls: ssl.SSLContext | None = None,
) -> R:
    async def run() -> R:
        client = Client()
        await client.connect(
            f"nats://127.0.0.1:{server.port}", user=NATS_USER, password=NATS_PASSWORD, tls=tls
        )
        try:
            return await use(JetStreamContext(client))
        finally:
            await client.close()

    return asyncio.run(run())


def make_stream(server: NatsServer, name: str, tls: ssl.SSLContext | None = None) -> None:
    """Make a stream that takes every subject which begins with its name."""
    config = StreamConfig(name=name, subjects=[f"{name}.>"])
    with_jetstream(server, lambda jetstream: jetstream.add_stream(config), tls)


def kept(server: NatsServer, stream: str) -> list[Any]:
    """Give the messages of a stream in its order."""

    async def read(jetstream: Any) -> list[Any]:
        state = (await jetstream.stream_info(stream)).state
        return [await jetstream.get_msg(stream, seq) for seq in range(1, state.messages + 1)]

    return with_jetstream(server, read)


def test_a_message_is_kept_with_its_body_and_headers(
    nats_server: NatsServer, posts: Posts[str]
) -> None:
    make_stream(nats_server, "arrive")
    letter = a_letter(nats_server.url("arrive.loyalty?stream=arrive"))
    (response,) = send(posts, letter)
    assert receipt_of(response) == {"stream": "arrive", "seq": 1}
    (message,) = kept(nats_server, "arrive")
    assert message.subject == "arrive.loyalty"
    assert message.data == letter.body
    assert verified(message.data, message.headers)["type"] == "points.earned"


def test_a_repetition_is_kept_once(nats_server: NatsServer, posts: Posts[str]) -> None:
    make_stream(nats_server, "repeat")
    letter = a_letter(nats_server.url("repeat.loyalty"))
    first, second = send(posts, letter)[0], send(posts, letter)[0]
    assert receipt_of(first) == {"stream": "repeat", "seq": 1}
    assert receipt_of(second) == {"stream": "repeat", "seq": 1, "duplicate": True}
    assert len(kept(nats_server, "repeat")) == 1


def test_messages_of_one_endpoint_keep_their_order(
    nats_server: NatsServer, posts: Posts[str]
) -> None:
    make_stream(nats_server, "order")
    letters = [a_letter(nats_server.url("order.loyalty")) for _ in range(100)]
    assert set(statuses(send(posts, *letters))) == {200}
    arrived = [message.headers["webhook-id"] for message in kept(nats_server, "order")]
    assert arrived == [id_in(letter) for letter in letters]


def test_what_no_stream_keeps_has_not_arrived(nats_server: NatsServer, posts: Posts[str]) -> None:
    make_stream(nats_server, "mine")
    nowhere, elsewhere, arrived = send(
        posts,
        a_letter(nats_server.url("nobody.listens")),
        a_letter(nats_server.url("mine.loyalty?stream=other")),
        a_letter(nats_server.url("mine.loyalty")),
    )
    assert error_of(nowhere) == "no stream takes the subject"
    assert error_of(elsewhere) == ("the stream refused the message: expected stream does not match")
    assert receipt_of(arrived) == {"stream": "mine", "seq": 1}


def test_headers_that_order_the_server_about_do_not_travel(
    nats_server: NatsServer, posts: Posts[str]
) -> None:
    make_stream(nats_server, "orders")
    letter = a_letter(nats_server.url("orders.loyalty"))
    rude = type(letter)(
        url=letter.url, headers=(*letter.headers, ("Nats-Expected-Stream", "x")), body=letter.body
    )
    assert receipt_of(send(posts, rude)[0])["seq"] == 1


def test_what_is_not_permitted_says_so_without_naming_anybody(
    nats_server: NatsServer, posts: Posts[str]
) -> None:
    address = f"127.0.0.1:{nats_server.port}/loyalty.points"
    wrong, nobody, reader, deaf = send(
        posts,
        a_letter(f"nats://shop:wrong@{address}"),
        a_letter(f"nats://{address}"),
        a_letter(f"nats://reader:reader@{address}"),
        a_letter(f"nats://deaf:deaf@{address}"),
    )
    assert error_of(wrong) == error_of(nobody) == "the credentials were refused"
    assert error_of(reader) == "the credentials do not allow to publish to the subject"
    assert error_of(deaf) == "the credentials do not allow to hear acknowledgements"


def test_after_the_broker_is_back_the_same_posts_send_again(
    mortal_nats: NatsServer, posts: Posts[str]
) -> None:
    make_stream(mortal_nats, "back")
    letters = [a_letter(mortal_nats.url("back.loyalty")) for _ in range(3)]
    (before,) = send(posts, letters[0])
    mortal_nats.kill()
    (down,) = send(posts, letters[1])
    mortal_nats.start()
    (again, after) = send(posts, letters[1], letters[2])
    assert error_of(down) in {"could not connect", "the connection was closed"}
    assert [receipt_of(one)["seq"] for one in (before, again, after)] == [1, 2, 3]


def test_nothing_that_was_acknowledged_is_lost_when_the_broker_is_killed(
    mortal_nats: NatsServer, posts: Posts[str]
) -> None:
    make_stream(mortal_nats, "killed")
    letters = [a_letter(mortal_nats.url("killed.loyalty")) for _ in range(2_000)]
    answers: dict[str, Response] = {}
    for letter in letters[:100]:
        posts.start(id_in(letter), letter)
    while not answers:
        answers.update(posts.wait(1))
    for letter in letters[100:]:
        posts.start(id_in(letter), letter)
    mortal_nats.kill()
    while posts.in_flight:
        answers.update(posts.wait(1))
    mortal_nats.start()
    acknowledged = {id_ for id_, response in answers.items() if response.status_code == 200}
    assert len(answers) == len(letters)
    assert 0 < len(acknowledged) < len(letters), "it was not killed in the middle"
    assert acknowledged <= {one.headers["webhook-id"] for one in kept(mortal_nats, "killed")}


def test_the_name_is_certified_and_the_vetted_address_is_dialled(
    encrypted_nats: tuple[NatsServer, Path], make_posts: PostsMaker
) -> None:
    server, certificate = encrypted_nats
    vetted: list[tuple[str, int]] = []

    def vet(host: str, port: int) -> tuple[str, ...]:
        vetted.append((host, port))
        return ("127.0.0.1",)

    def url(host: str) -> str:
        return server.url("private.a", scheme="nats+tls", host=host)

    trusted = ssl.create_default_context(cafile=str(certificate))
    trusted.check_hostname = False
    make_stream(server, "private", trusted)
    named, misnamed = send(
        make_posts(vet=vet, certificates=certificate),
        a_letter(url(NATS_NAME)),
        a_letter(url("other.shop.example")),
    )
    (stranger,) = send(make_posts(vet=vet), a_letter(url(NATS_NAME)))
    assert receipt_of(named) == {"stream": "private", "seq": 1}
    assert error_of(misnamed) == error_of(stranger) == "the certificate is not trusted"
    assert (NATS_NAME, server.port) in vetted


def test_a_password_does_not_leave_in_the_clear_when_tls_was_asked_for(
    make_posts: PostsMaker,
) -> None:
    with running_peer(NATS_GREETING) as peer:
        (response,) = send(
            make_posts(), a_letter(f"nats+tls://shop:secret@127.0.0.1:{peer.port}/loyalty")
        )
    assert error_of(response) == "the server offers no TLS"
    assert peer.heard == b""
