import json
from collections.abc import Generator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from stampbook.delivery.posts import Posts
from tests.destinations.letters import a_letter, error_of, id_in, receipt_of, send, verified
from tests.destinations.peers import running_peer

ACCOUNT = "123456789012"
REGION = "eu-central-1"


@pytest.fixture(scope="module")
def port() -> Generator[int]:
    """The port of a server that answers as Amazon does."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def amazon(port: int) -> Any:
    session: Any = boto3
    return session.client(
        "sqs",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=REGION,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )


def url_of(port: int, queue: str) -> str:
    return f"sqs+http://key:se%2Fcret@127.0.0.1:{port}/{ACCOUNT}/{queue}?region={REGION}"


def receive(amazon: Any, queue: str) -> list[dict[str, Any]]:
    received = amazon.receive_message(
        QueueUrl=amazon.get_queue_url(QueueName=queue)["QueueUrl"],
        MessageAttributeNames=["All"],
        AttributeNames=["All"],
        MaxNumberOfMessages=10,
    )
    return received.get("Messages", [])


def headers_in(message: dict[str, Any]) -> dict[str, str]:
    attributes = message["MessageAttributes"].items()
    return {name: attribute["StringValue"] for name, attribute in attributes}


def test_a_message_reaches_a_queue_with_its_body_and_headers(
    port: int, amazon: Any, posts: Posts[str]
) -> None:
    amazon.create_queue(QueueName="arrive")
    letter = a_letter(url_of(port, "arrive"))
    (response,) = send(posts, letter)
    (message,) = receive(amazon, "arrive")
    assert receipt_of(response) == {"MessageId": message["MessageId"]}
    body = message["Body"].encode()
    assert body == letter.body
    assert headers_in(message) == dict(letter.headers)
    assert verified(body, headers_in(message))["type"] == "points.earned"


def test_a_fifo_queue_keeps_a_repetition_once(port: int, amazon: Any, posts: Posts[str]) -> None:
    amazon.create_queue(QueueName="order.fifo", Attributes={"FifoQueue": "true"})
    letter = a_letter(url_of(port, "order.fifo"))
    first, second = send(posts, letter)[0], send(posts, letter)[0]
    (message,) = receive(amazon, "order.fifo")
    assert receipt_of(first)["MessageId"] == message["MessageId"]
    assert receipt_of(second)["SequenceNumber"]
    attributes = message["Attributes"]
    assert attributes["MessageDeduplicationId"] == id_in(letter)
    assert attributes["MessageGroupId"] == id_in(letter)


def test_headers_that_are_too_many_are_packed_and_the_signature_stays_readable(
    port: int, amazon: Any, posts: Posts[str]
) -> None:
    amazon.create_queue(QueueName="packed")
    letter = a_letter(url_of(port, "packed"), dialect="nector")
    assert len(letter.headers) > 10
    receipt_of(send(posts, letter)[0])
    (message,) = receive(amazon, "packed")
    headers = headers_in(message)
    assert len(headers) == 10
    assert verified(message["Body"].encode(), headers)
    assert headers | json.loads(headers.pop("more-headers")) == dict(letter.headers)


def test_a_queue_that_is_not_there_is_a_failure_in_the_words_of_the_service(
    port: int, posts: Posts[str]
) -> None:
    (response,) = send(posts, a_letter(url_of(port, "missing")))
    assert response.status_code == 400
    assert "QueueDoesNotExist" in response.excerpt


@pytest.mark.parametrize("said", [b"{}", b"ok", b"[1]", b'{"MessageId":' + b"[" * 2_000])
def test_a_success_without_a_message_id_is_none(said: bytes, posts: Posts[str]) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
    with running_peer(answer=lambda _: answer) as peer:
        (response,) = send(posts, a_letter(url_of(peer.port, "queue")))
    assert error_of(response) == "answered without a message id"
