"""RabbitMQ: `amqp://user:password@host:5672/vhost?exchange=...&routing_key=...`; `amqps` encrypts.

A message has arrived when a queue took it and the broker confirmed it: it is persistent and
mandatory, so one that no queue takes is refused and not dropped. Without an exchange the routing
key is the name of a queue; without a virtual host it is `/`.
Source: https://www.rabbitmq.com/docs/confirms and https://www.rabbitmq.com/docs/uri-spec.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, cast

from msgspec import Struct
from pika import BasicProperties, ConnectionParameters, DeliveryMode, PlainCredentials, SSLOptions
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)
from pika.spec import Basic

from stampbook.delivery.call import Request
from stampbook.delivery.destinations import Broker, id_of
from stampbook.delivery.gate import UNASKED_BYTES_MAX, Gate, LostError, RefusedError, words_of
from stampbook.delivery.locator import Host, Locator
from stampbook.values.json import encode_text

PORT = 5672
ENCRYPTED_PORT = 5671
HEARTBEAT_SECONDS = 30
GOODBYE_SECONDS = 1.0
NAME_BYTES_MAX = 255

ACCESS_REFUSED = 403
NOT_FOUND = 404
NOT_ALLOWED = 530
CLOSED_CHANNEL = {
    311: "the message is larger than the broker takes",
    ACCESS_REFUSED: "the credentials do not allow to publish to the exchange",
    NOT_FOUND: "there is no such exchange",
}

SILENT = logging.CRITICAL + 1
"""The library would log addresses that customers chose."""

logging.getLogger("pika").setLevel(SILENT)


class Settings(Struct, frozen=True, kw_only=True):
    """What a URL says."""

    host: Host
    encrypted: bool
    user: str
    password: str
    virtual_host: str
    exchange: str
    routing_key: str


def read(locator: Locator) -> Settings:
    """Give what a URL says.

    Errors: ValueError.
    """
    locator.allow({"exchange", "routing_key"})
    exchange = locator.settings.get("exchange", "")
    routing_key = locator.settings.get("routing_key", "")
    if not (exchange or routing_key):
        raise ValueError("the URL names neither an exchange nor a routing key")
    if any(len(name.encode()) > NAME_BYTES_MAX for name in (exchange, routing_key, locator.path)):
        raise ValueError(f"the URL has a name of more than {NAME_BYTES_MAX} bytes")
    if locator.user is None or locator.password is None:
        raise ValueError("the URL has no user and password")
    return Settings(
        host=locator.only_host(),
        encrypted=locator.scheme == "amqps",
        user=locator.user,
        password=locator.password,
        virtual_host=locator.path or "/",
        exchange=exchange,
        routing_key=routing_key,
    )


class _Connection(AsyncioConnection):
    """A connection over which a broker may say so much and no more."""

    bytes_sent: int  # of the library
    _heard_bytes = 0

    def _proto_data_received(self, data: bytes) -> None:
        self._heard_bytes += len(data)
        if self._heard_bytes > UNASKED_BYTES_MAX + self.bytes_sent:
            raise ConnectionError("the broker says too much")
        super()._proto_data_received(data)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]


@dataclass(slots=True)
class _Sent:
    """A message that the broker has not confirmed yet."""

    message_id: str
    confirmed: asyncio.Future[bool]
    is_returned: bool = False


class _Publisher:
    """A channel whose messages are confirmed by their numbers, from 1 in the order of sending."""

    def __init__(self, settings: Settings, connection: AsyncioConnection) -> None:
        self._settings = settings
        self._connection = connection
        self._channel: Channel | None = None
        self._count = 0
        self._unconfirmed: dict[int, _Sent] = {}
        self._closed = asyncio.Event()
        connection.add_on_close_callback(self._hear_connection_closed)

    @property
    def is_open(self) -> bool:
        return self._channel is not None and self._channel.is_open

    async def open(self) -> None:
        opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._unconfirmed[0] = _Sent("", opened)  # fails with the others when the broker closes

        def say_opened(_: Any) -> None:
            _settle(opened, is_kept=True)

        def confirm(channel: Any) -> None:
            channel.add_on_close_callback(self._hear_channel_closed)
            channel.add_on_return_callback(self._hear_return)
            channel.confirm_delivery(self._hear_confirm, say_opened)

        self._channel = self._connection.channel(on_open_callback=confirm)
        await opened
        del self._unconfirmed[0]

    async def publish(self, request: Request) -> str:
        assert self._channel is not None, "it is opened first"
        settings, headers = self._settings, dict(request.headers)
        message_id = id_of(request)
        try:
            self._channel.basic_publish(
                settings.exchange,
                settings.routing_key,
                request.body,
                BasicProperties(
                    content_type=headers.get("content-type"),
                    delivery_mode=DeliveryMode.Persistent,
                    message_id=message_id,
                    headers=headers,
                ),
                mandatory=True,
            )
        except AMQPError as failed:
            raise LostError(words_of(failed)) from None
        self._count += 1
        sent = _Sent(message_id, asyncio.get_running_loop().create_future())
        number, self._unconfirmed[self._count] = self._count, sent
        try:
            is_kept = await sent.confirmed
        finally:
            del self._unconfirmed[number]
        if sent.is_returned:
            raise RefusedError("no queue takes the message")
        if not is_kept:
            raise RefusedError("the broker refused the message")
        return encode_text({"exchange": settings.exchange, "routing_key": settings.routing_key})

    async def close(self) -> None:
        if self._connection.is_open:
            self._connection.close()
            await self._closed.wait()

    def _hear_confirm(self, frame: Any) -> None:
        """Settle a message, or all up to it."""
        confirm: Basic.Ack | Basic.Nack = frame.method
        tag, is_kept = confirm.delivery_tag, isinstance(confirm, Basic.Ack)
        for number, sent in self._unconfirmed.items():
            if number == tag or (confirm.multiple and number < tag):
                _settle(sent.confirmed, is_kept=is_kept)

    def _hear_return(
        self, _channel: Channel, _method: Any, properties: BasicProperties, _body: bytes
    ) -> None:
        """Remember that no queue took a message: its confirmation, which follows, hides that."""
        for sent in self._unconfirmed.values():
            if sent.message_id == properties.message_id:
                sent.is_returned = True

    def _hear_channel_closed(self, _channel: Channel, reason: Exception) -> None:
        if isinstance(reason, ChannelClosedByBroker):
            self._fail(CLOSED_CHANNEL.get(reason.reply_code, "the broker closed the channel"))
        else:
            self._fail("the connection was closed")

    def _hear_connection_closed(self, _connection: Any, _reason: BaseException) -> None:
        self._closed.set()
        self._fail("the connection was closed")

    def _fail(self, why: str) -> None:
        for sent in self._unconfirmed.values():
            if not sent.confirmed.done():
                sent.confirmed.set_exception(LostError(why))


def _settle(confirmed: asyncio.Future[bool], *, is_kept: bool) -> None:
    if not confirmed.done():
        confirmed.set_result(is_kept)


async def connect(settings: Settings, gate: Gate) -> _Publisher:
    """Open a connection and a channel.

    Errors: RefusedError, LostError.
    """
    publisher = _Publisher(settings, await _dial(settings, gate))
    try:
        await publisher.open()
    except BaseException:
        await publisher.close()
        raise
    return publisher


async def _dial(settings: Settings, gate: Gate) -> AsyncioConnection:
    """Connect to the first address that answers."""
    host = settings.host
    port = host.port or (ENCRYPTED_PORT if settings.encrypted else PORT)
    why: RefusedError | LostError = LostError("could not connect")
    for address in await gate.addresses(host, port):
        ended: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        connection = _Connection(
            ConnectionParameters(
                host=address,
                port=port,
                virtual_host=settings.virtual_host,
                credentials=PlainCredentials(settings.user, settings.password),
                ssl_options=SSLOptions(gate.tls(), host.name) if settings.encrypted else None,
                heartbeat=HEARTBEAT_SECONDS,
                client_properties={"connection_name": "stampbook"},
            ),
            on_open_callback=lambda _, ended=ended: _tell(ended, None),
            on_open_error_callback=lambda _, error, ended=ended: _tell(ended, error),
            custom_ioloop=asyncio.get_running_loop(),
        )
        try:
            await asyncio.wait((ended,))
        except asyncio.CancelledError:
            connection.close()
            await asyncio.wait((ended,), timeout=GOODBYE_SECONDS)
            raise
        failed = ended.result()
        if failed is None:
            return connection
        why = _why(failed)
        if isinstance(why, RefusedError):
            break
    raise why


def _tell(ended: asyncio.Future[BaseException | None], error: BaseException | None) -> None:
    if not ended.done():
        ended.set_result(error)


def _why(failed: BaseException) -> RefusedError | LostError:
    """Say why there is no connection, by the innermost of the library's errors."""
    inner = _inside(failed)
    while inner is not None:
        failed, inner = inner, _inside(inner)
    code = failed.reply_code if isinstance(failed, ConnectionClosedByBroker) else None
    if code == ACCESS_REFUSED or isinstance(
        failed, AuthenticationError | ProbableAuthenticationError
    ):
        return RefusedError("the credentials were refused")
    if code == NOT_ALLOWED or isinstance(failed, ProbableAccessDeniedError):
        return RefusedError("the virtual host is not there, or not open to the user")
    return LostError(words_of(failed))


def _inside(error: BaseException) -> BaseException | None:
    found: Any = getattr(error, "exception", None) or getattr(error, "exceptions", error.args)
    if isinstance(found, tuple):
        found = cast("tuple[Any, ...]", found)[-1] if found else None
    return found if isinstance(found, BaseException) else None


DESTINATION = Broker(title="RabbitMQ", schemes=("amqp", "amqps"), read=read, connect=connect)
