"""Kafka: `kafka://host:9092,host2:9092/topic`; `kafka+tls` encrypts.

A message has arrived when all replicas that are in step have it. The request's key decides its
partition, so what belongs together stays in order. With a user, `?mechanism=` is PLAIN,
SCRAM-SHA-256 or SCRAM-SHA-512.

The brokers that the URL names are vetted, and so are those that they name in turn; but the library
looks the names up again by itself, so unlike elsewhere an address is not pinned.
Source: https://docs.confluent.io/platform/current/clients/librdkafka/html/md_CONFIGURATION.html.
"""

import asyncio
import logging
import re
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from msgspec import Struct

from stampbook.delivery.call import Request
from stampbook.delivery.destinations import Broker, key_of
from stampbook.delivery.gate import Gate, LostError, PublishError
from stampbook.delivery.locator import Host, Locator
from stampbook.values.json import encode_text

PORT = 9092
ENCRYPTED = "kafka+tls"
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
METADATA_SECONDS = 4.0
MESSAGE_TIMEOUT_MS = 14_000
"""Less than a request may take, so that the library says itself what was wrong."""
POLL_SECONDS = 0.05
BYTES_MAX = 10_000_000
"""What the library lets through; the broker has its own limit."""

SECURITY = {
    (False, False): "PLAINTEXT",
    (True, False): "SSL",
    (False, True): "SASL_PLAINTEXT",
    (True, True): "SASL_SSL",
}
"""By whether it is encrypted, and whether there is a user."""

WORDS = {
    "_AUTHENTICATION": "the credentials were refused",
    "SASL_AUTHENTICATION_FAILED": "the credentials were refused",
    "_SSL": "TLS could not be agreed on, or the certificate is not trusted",
    "_TRANSPORT": "could not connect",
    "_ALL_BROKERS_DOWN": "could not connect",
    "_RESOLVE": "the host name was not found",
    "_MSG_TIMED_OUT": "timed out",
    "_TIMED_OUT": "timed out",
    "MSG_SIZE_TOO_LARGE": "the message is larger than the broker takes",
    "UNKNOWN_TOPIC_OR_PART": "there is no such topic",
    "_UNKNOWN_TOPIC": "there is no such topic",
    "TOPIC_AUTHORIZATION_FAILED": "the credentials do not allow to publish to the topic",
    "CLUSTER_AUTHORIZATION_FAILED": "the credentials do not allow idempotent publishing",
    "NOT_ENOUGH_REPLICAS": "the topic has too few replicas in step",
}
"""By the library's name of the error."""

silent = logging.getLogger("kafka")
silent.setLevel(logging.CRITICAL + 1)  # the library would log addresses that customers chose


class Settings(Struct, frozen=True, kw_only=True):
    """What a URL says."""

    hosts: tuple[Host, ...]
    encrypted: bool
    user: str | None
    password: str | None
    mechanism: str
    topic: str


def read(locator: Locator) -> Settings:
    """Give what a URL says.

    Errors: ValueError.
    """
    locator.allow({"mechanism"})
    mechanism = locator.settings.get("mechanism", MECHANISMS[0])
    if not TOPIC.fullmatch(locator.path) or locator.path in {".", ".."}:
        raise ValueError("the URL's path is no topic")
    if (locator.user is None) != (locator.password is None):
        raise ValueError("the URL has a user without a password")
    if mechanism not in MECHANISMS:
        raise ValueError(f"the mechanism is one of {', '.join(MECHANISMS)}")
    return Settings(
        hosts=locator.hosts,
        encrypted=locator.scheme == ENCRYPTED,
        user=locator.user,
        password=locator.password,
        mechanism=mechanism,
        topic=locator.path,
    )


class _Publisher:
    """A producer of the library, which sends in threads of its own and tells when it is polled."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate
        self._said = ""
        self._waiting = 0
        self._polling: asyncio.Task[None] | None = None
        self._producer: Producer | None = Producer(
            _configuration(settings, gate) | {"error_cb": self._hear}, logger=silent
        )

    @property
    def is_open(self) -> bool:
        return self._producer is not None

    async def meet(self) -> None:
        """See whether the topic is there, and vet the brokers that are named."""
        settings, gate = self._settings, self._gate
        metadata = await gate.run(self._metadata)
        for broker in metadata.brokers.values():
            await gate.addresses(Host(broker.host, broker.port), PORT)
        failed = metadata.topics[settings.topic].error
        if failed is not None:
            raise _why(failed)

    async def publish(self, request: Request) -> str:
        producer, loop = self._producer, asyncio.get_running_loop()
        assert producer is not None, "it is not closed yet"
        delivered: asyncio.Future[str] = loop.create_future()

        def hear(failed: KafkaError | None, message: Message) -> None:
            loop.call_soon_threadsafe(_settle, delivered, failed, message)

        try:
            producer.produce(
                self._settings.topic,
                request.body,
                key_of(request),
                headers=[(name, value.encode()) for name, value in request.headers],
                on_delivery=hear,
            )
        except (KafkaException, BufferError) as failed:
            raise _why(failed) from None
        self._waiting += 1
        if self._polling is None or self._polling.done():
            self._polling = loop.create_task(self._poll(producer))
        try:
            return await delivered
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        self._waiting = 0
        if self._polling is not None:
            await asyncio.wait((self._polling,))
        await self._gate.run(self._let_go)

    async def _poll(self, producer: Producer) -> None:
        while self._waiting:
            await self._gate.run(lambda: producer.poll(POLL_SECONDS))

    def _metadata(self) -> Any:
        producer = self._producer
        assert producer is not None, "it is not closed yet"
        try:
            return producer.list_topics(self._settings.topic, timeout=METADATA_SECONDS)
        except KafkaException as failed:
            producer.poll(0)  # lets it say what happened
            raise _why(failed, self._said) from None

    def _let_go(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()
            producer.flush(0)

    def _hear(self, failed: KafkaError) -> None:
        if not self._said or failed.name() != "_ALL_BROKERS_DOWN":
            self._said = failed.name()


def _configuration(settings: Settings, gate: Gate) -> dict[str, Any]:
    has_user = settings.user is not None
    said: dict[str, Any] = {
        "bootstrap.servers": ",".join(
            f"{f'[{host.name}]' if ':' in host.name else host.name}:{host.port or PORT}"
            for host in settings.hosts
        ),
        "client.id": "stampbook",
        "security.protocol": SECURITY[settings.encrypted, has_user],
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",  # that of Java, so that keys meet in one partition
        "message.timeout.ms": MESSAGE_TIMEOUT_MS,
        "message.max.bytes": BYTES_MAX,
        "receive.message.max.bytes": BYTES_MAX,
    }
    if has_user:
        said |= {
            "sasl.mechanism": settings.mechanism,
            "sasl.username": settings.user,
            "sasl.password": settings.password,
        }
    if settings.encrypted and gate.certificates is not None:
        said["ssl.ca.location"] = gate.certificates
    return said


def _settle(delivered: asyncio.Future[str], failed: KafkaError | None, message: Message) -> None:
    if delivered.done():
        return
    if failed is not None:
        delivered.set_exception(_why(failed))
        return
    receipt = {"partition": message.partition(), "offset": message.offset()}
    delivered.set_result(encode_text({"topic": message.topic(), **receipt}))


def _why(failed: Any, said: str = "") -> PublishError:
    """Put a failure into words; what a broker said before explains a library's giving up."""
    if isinstance(failed, KafkaException):
        failed = failed.args[0]
    if not isinstance(failed, KafkaError):
        return LostError("too many messages wait")
    words = WORDS.get(said) or WORDS.get(failed.name())
    return LostError(words or f"the broker refused the message: {failed.name()}")


async def connect(settings: Settings, gate: Gate) -> _Publisher:
    """Open a producer.

    Errors: RefusedError, LostError.
    """
    for host in settings.hosts:
        await gate.addresses(host, PORT)
    publisher = _Publisher(settings, gate)
    try:
        await publisher.meet()
    except BaseException:
        await publisher.close()
        raise
    return publisher


DESTINATION = Broker(title="Kafka", schemes=("kafka", ENCRYPTED), read=read, connect=connect)
