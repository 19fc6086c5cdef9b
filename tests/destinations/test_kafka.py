import socket
from collections.abc import Generator, Sequence
from contextlib import closing

import pytest
from confluent_kafka import Consumer, Message, Producer

from stampbook.delivery.gate import TargetRefusedError
from stampbook.delivery.posts import Posts
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

CONSUME_SECONDS = 30


@pytest.fixture(scope="module")
def cluster() -> Generator[str]:
    """The address of a broker of the library's own cluster, which speaks the real protocol."""
    owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = owner.list_topics(timeout=10).brokers.values()
    yield f"{broker.host}:{broker.port}"
    owner.flush(0)


def consume(cluster: str, topic: str, count: int) -> list[Message]:
    consumer = Consumer({
        "bootstrap.servers": cluster,
        "group.id": f"of-{topic}",
        "auto.offset.reset": "earliest",
        "log_level": 0,
    })  # fmt: skip
    consumer.subscribe([topic])
    with closing(consumer):
        return consumer.consume(count, timeout=CONSUME_SECONDS)


def test_a_message_reaches_a_consumer_with_its_body_and_headers(
    cluster: str, posts: Posts[str]
) -> None:
    letter = a_letter(f"kafka://{cluster}/loyalty")
    (response,) = send(posts, letter)
    (message,) = consume(cluster, "loyalty", 1)
    receipt = receipt_of(response)
    assert receipt == {
        "topic": "loyalty",
        "partition": message.partition(),
        "offset": message.offset(),
    }
    assert message.key() == id_in(letter).encode()
    body, headers = message.value(), message.headers()
    assert body == letter.body
    assert isinstance(headers, list)
    said = {name: value.decode() for name, value in headers if isinstance(value, bytes)}
    assert verified(letter.body, said)["type"] == "points.earned"


def test_every_message_that_was_acknowledged_is_there(cluster: str, posts: Posts[str]) -> None:
    letters = [a_letter(f"kafka://{cluster}/many") for _ in range(100)]
    assert set(statuses(send(posts, *letters))) == {200}
    arrived = {(message.key() or b"").decode() for message in consume(cluster, "many", 100)}
    assert arrived == {id_in(letter) for letter in letters}


def test_one_partition_keeps_the_order_of_one_endpoint(cluster: str, posts: Posts[str]) -> None:
    letters = [a_letter(f"kafka://{cluster}/order") for _ in range(100)]
    responses = send(posts, *letters)
    offsets: dict[int, list[int]] = {}
    for response in responses:
        receipt = receipt_of(response)
        offsets.setdefault(receipt["partition"], []).append(receipt["offset"])
    assert all(found == sorted(found) for found in offsets.values())


def test_nobody_listening_is_a_failure(posts: Posts[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (response,) = send(posts, a_letter(f"kafka://127.0.0.1:{port}/loyalty"))
    assert error_of(response) == "could not connect"


def test_brokers_that_a_broker_names_are_vetted_too(cluster: str, make_posts: PostsMaker) -> None:
    asked: list[str] = []

    def vet(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        if len(asked) > 1:
            raise TargetRefusedError
        return (host,)

    (response,) = send(make_posts(vet=vet), a_letter(f"kafka://{cluster}/loyalty"))
    assert error_of(response) == "the address is not allowed"
    assert asked == ["127.0.0.1", "127.0.0.1"]
