import pytest

from stampbook.delivery.destinations import choose, known, problem_of
from stampbook.delivery.locator import Host, locate, masked

DESTINATIONS = choose(known())
AMQP = "amqp://a:b@broker.example"


def test_a_url_is_taken_apart() -> None:
    found = locate("kafka+tls://me:p%40ss@one.example:9093,[2001:db8::1]/a%2Fb?x=1&y=%20")
    assert (found.scheme, found.user, found.password) == ("kafka+tls", "me", "p@ss")
    assert found.hosts == (Host("one.example", 9093), Host("2001:db8::1", None))
    assert (found.path, found.settings) == ("a/b", {"x": "1", "y": " "})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nats://shop:secret@broker.example/a?b=c", "nats://shop:***@broker.example/a?b=c"),
        ("nats://token@broker.example/a", "nats://***@broker.example/a"),
        ("nats://broker.example/a@b", "nats://broker.example/a@b"),
        ("sqs://key:se%2Fcret@eu-west-1/1/q", "sqs://key:***@eu-west-1/1/q"),
        ("https://shop.example/hook", "https://shop.example/hook"),
    ],
)
def test_what_opens_a_broker_is_hidden(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "nats://broker.example/loyalty",
        "nats+tls://token@broker.example/loyalty.points?stream=LOYALTY",
        "NATS://broker.example:4222/loyalty",
        f"{AMQP}/?routing_key=queue",
        "amqps://a:b@broker.example:5671/shop?exchange=loyalty&routing_key=a.b",
        f"{AMQP}/?exchange=loyalty",
        "kafka://one.example,two.example:9092/loyalty",
        "kafka+tls://a:b@one.example/loyalty?mechanism=SCRAM-SHA-256",
        "sqs://key:secret@eu-central-1/123456789012/loyalty.fifo",
        "sqs+https://key:secret@queue.example:9324/123456789012/loyalty",
        "sqs+https://key:secret@queue.example/123456789012/loyalty?region=eu-west-1",
    ],
)
def test_what_can_be_sent_to_has_no_problem(url: str) -> None:
    assert problem_of(url, DESTINATIONS) is None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("gopher://a:hush@broker.example/", "sends nothing to such URLs"),
        ("no url", "sends nothing to such URLs"),
        ("nats://a:hush@/loyalty", "a host or a port"),
        ("nats://a:hush@broker.example:0/loyalty", "a host or a port"),
        ("nats://a:hush@broker.example:99999/loyalty", "a host or a port"),
        ("nats://a:hu/sh@broker.example/loyalty", "a host or a port"),
        ("nats://a:hush@broker.example/", "no subject"),
        ("nats://a:hush@broker.example/loyalty.>", "no subject"),
        ("nats://a:hush@broker.example/a b", "malformed"),
        ("nats://a:hush@broker.example/a%20b", "no subject"),
        ("nats://a:hush@broker.example/$JS.API.STREAM.DELETE.x", "no subject"),
        ("nats://a:hush@broker.example/loyalty#top", "malformed"),
        ("nats://a:hush@one.example,two.example/loyalty", "more than one host"),
        ("nats://a:hush@broker.example/loyalty?streams=x", "unknown setting"),
        ("nats://a:hush@broker.example/loyalty?stream=a&stream=b", "twice"),
        ("nats://a:hush@broker.example/loyalty?stream", "malformed"),
        ("nats://a:***@broker.example/loyalty", "hidden password"),
        (f"{AMQP}/", "neither an exchange nor a routing key"),
        (f"{AMQP}?routing_key=x", "malformed"),
        (f"{AMQP}/?routing_key={'x' * 256}", "255 bytes"),
        ("amqp://broker.example/?routing_key=x", "no user and password"),
        ("kafka://broker.example/", "no topic"),
        ("kafka://broker.example/a/b", "no topic"),
        ("kafka://a@broker.example/loyalty", "a user without a password"),
        ("kafka://a:b@broker.example/loyalty?mechanism=GSSAPI", "the mechanism is one of"),
        ("sqs://eu-central-1/123456789012/loyalty", "no access key"),
        ("sqs://key:hush@eu-central-1/loyalty", "no account"),
        ("sqs://key:hush@evil.example/123456789012/loyalty", "no region"),
        ("sqs://key:hush@eu-central-1:80/123456789012/loyalty", "no region"),
        ("sqs://key:hush@eu-central-1/123456789012/loyalty?region=x", "unknown setting"),
    ],
)
def test_what_is_wrong_is_said_without_a_secret(url: str, problem: str) -> None:
    said = problem_of(url, DESTINATIONS)
    assert said is not None
    assert problem in said
    assert "hush" not in said
