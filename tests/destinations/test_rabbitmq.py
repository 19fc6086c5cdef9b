from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pika
import pytest

from stampbook.delivery.posts import Posts
from tests.destinations.brokers import RABBITMQ_NAME, RabbitMQ
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

REJECTS_ALL = {"x-max-length": 0, "x-overflow": "reject-publish"}


@contextmanager
def channel(port: int) -> Generator[Any]:
    with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port)) as connection:
        yield connection.channel()


@pytest.fixture
def address(rabbitmq: RabbitMQ) -> str:
    return f"amqp://guest:guest@127.0.0.1:{rabbitmq.port}/"


def test_a_message_reaches_a_queue_with_its_body_and_headers(
    rabbitmq: RabbitMQ, address: str, posts: Posts[str]
) -> None:
    with channel(rabbitmq.port) as consumer:
        consumer.exchange_declare("loyalty", "topic", durable=True)
        consumer.queue_declare("arrive", durable=True)
        consumer.queue_bind("arrive", "loyalty", "points.#")
        letter = a_letter(f"{address}?exchange=loyalty&routing_key=points.all")
        (response,) = send(posts, letter)
        assert receipt_of(response) == {"exchange": "loyalty", "routing_key": "points.all"}
        _, properties, body = consumer.basic_get("arrive", auto_ack=True)
    assert body == letter.body
    assert (properties.message_id, properties.delivery_mode) == (id_in(letter), 2)
    assert properties.content_type == "application/json"
    assert verified(body, properties.headers)["type"] == "points.earned"


def test_messages_of_one_endpoint_keep_their_order(
    rabbitmq: RabbitMQ, address: str, posts: Posts[str]
) -> None:
    with channel(rabbitmq.port) as consumer:
        consumer.queue_declare("order", durable=True)
        letters = [a_letter(f"{address}?routing_key=order") for _ in range(100)]
        assert set(statuses(send(posts, *letters))) == {200}
        arrived = [consumer.basic_get("order", auto_ack=True)[1].message_id for _ in letters]
    assert arrived == [id_in(letter) for letter in letters]


def test_what_no_queue_takes_has_not_arrived(
    rabbitmq: RabbitMQ, address: str, posts: Posts[str]
) -> None:
    with channel(rabbitmq.port) as consumer:
        consumer.queue_declare("full", durable=True, arguments=REJECTS_ALL)
        consumer.queue_declare("mine", durable=True)
        nobody, full, mine = send(
            posts,
            a_letter(f"{address}?routing_key=nobody"),
            a_letter(f"{address}?routing_key=full"),
            a_letter(f"{address}?routing_key=mine"),
        )
        (missing,) = send(posts, a_letter(f"{address}?exchange=missing&routing_key=x"))
        (again,) = send(posts, a_letter(f"{address}?routing_key=mine"))
    assert error_of(nobody) == "no queue takes the message"
    assert error_of(full) == "the broker refused the message"
    assert error_of(missing) == "there is no such exchange"
    assert statuses([mine, again]) == [200, 200]


def test_after_a_refusal_the_same_link_sends_what_a_queue_takes(
    rabbitmq: RabbitMQ, address: str, posts: Posts[str]
) -> None:
    letter = a_letter(f"{address}?routing_key=late")
    refused = send(posts, *([letter] * 3))
    with channel(rabbitmq.port) as consumer:
        consumer.queue_declare("late", durable=True)
        taken = send(posts, *([letter] * 3))
        count = consumer.queue_declare("late", passive=True).method.message_count
    assert statuses(refused) == [None] * 3
    assert statuses(taken) == [200] * 3
    assert count == 3


def test_what_is_not_permitted_says_so_without_naming_anybody(
    rabbitmq: RabbitMQ, posts: Posts[str]
) -> None:
    at = f"127.0.0.1:{rabbitmq.port}"
    wrong, elsewhere = send(
        posts,
        a_letter(f"amqp://guest:wrong@{at}/?routing_key=x"),
        a_letter(f"amqp://guest:guest@{at}/nowhere?routing_key=x"),
    )
    assert error_of(wrong) == "the credentials were refused"
    assert error_of(elsewhere) == "the virtual host is not there, or not open to the user"


def test_the_name_is_certified_and_the_vetted_address_is_dialled(
    rabbitmq: RabbitMQ, make_posts: PostsMaker
) -> None:
    def vet(_host: str, _port: int) -> tuple[str, ...]:
        return ("127.0.0.1",)

    with channel(rabbitmq.port) as consumer:
        consumer.queue_declare("private", durable=True)
    at = f"{RABBITMQ_NAME}:{rabbitmq.tls_port}/?routing_key=private"
    named, misnamed = send(
        make_posts(vet=vet, certificates=rabbitmq.certificate),
        a_letter(f"amqps://guest:guest@{at}"),
        a_letter(f"amqps://guest:guest@other.{at}"),
    )
    (stranger,) = send(make_posts(vet=vet), a_letter(f"amqps://guest:guest@{at}"))
    assert statuses([named]) == [200]
    assert error_of(misnamed) == error_of(stranger) == "the certificate is not trusted"
