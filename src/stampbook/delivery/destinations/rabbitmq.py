"""RabbitMQ: `amqp://user:password@host:5672/vhost?exchange=...&routing_key=...`; `amqps` encrypts.

A message has arrived when a queue took it and the broker confirmed it: it is persistent and
mandatory, so one that no queue takes is refused and not dropped. Without an exchange the routing
key is the name of a queue; without a virtual host it is `/`.
Source: https://www.rabbitmq.com/docs/confirms and https://www.rabbitmq.com/docs/uri-spec.
"""

import asyncio
import logging
from typing import Any

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
from stampbook.delivery.gate import Gate, LostError, RefusedError, words_of
from stampbook.delivery.locator import Host, Locator
from stampbook.values.json import encode_text

PORT = 5672
ENCRYPTED_PORT = 5671
HEARTBEAT_SECONDS = 30
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


class _Publisher:
    """A channel whose messages are confirmed by their numbers, from 1 in the order of sending."""

    def __init__(self, settings: Settings, connection: AsyncioConnection) -> None:
        self._settings = settings
        self._connection = connection
        self._channel: Channel | None = None
        self._sent = 0
        self._unconfirmed: dict[int, asyncio.Future[bool]] = {}
        self._returned: set[str] = set()
        self._closed = asyncio.Event()
        connection.add_on_close_callback(self._hear_connection_closed)

    @property
    def is_open(self) -> bool:
        return self._channel is not None and self._channel.is_open

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[bool] = loop.create_future()
        self._unconfirmed[0] = opened  # fails with the others when the broker closes

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
        self._sent += 1
        number, confirmed = self._sent, asyncio.get_running_loop().create_future()
        self._unconfirmed[number] = confirmed
        try:
            is_kept = await confirmed
        finally:
            self._unconfirmed.pop(number, None)
            is_returned = message_id in self._returned
            self._returned.discard(message_id)
        if is_returned:
            raise RefusedError("no queue takes the message")
        if not is_kept:
            raise RefusedError("the broker refused the message")
        return encode_text({"exchange": settings.exchange, "routing_key": settings.routing_key})

    async def close(self) -> None:
        if self._connection.is_open:
            self._connection.close()
            await self._closed.wait()

    def _hear_confirm(self, frame: Any) -> None:
        """Settle a message, or all up to it; its return, if there was one, came before."""
        confirm: Basic.Ack | Basic.Nack = frame.method
        tag = confirm.delivery_tag
        for number in list(self._unconfirmed) if confirm.multiple else (tag,):
            if number <= tag and number in self._unconfirmed:
                _settle(self._unconfirmed[number], is_kept=isinstance(confirm, Basic.Ack))

    def _hear_return(
        self, _channel: Channel, _method: Any, properties: BasicProperties, _body: bytes
    ) -> None:
        self._returned.add(properties.message_id or "")

    def _hear_channel_closed(self, _channel: Channel, reason: Exception) -> None:
        code = reason.reply_code if isinstance(reason, ChannelClosedByBroker) else None
        self._fail(CLOSED_CHANNEL.get(code or 0, "the broker closed the channel"))

    def _hear_connection_closed(self, _connection: Any, _reason: BaseException) -> None:
        self._closed.set()
        self._fail("the connection was closed")

    def _fail(self, why: str) -> None:
        for confirmed in self._unconfirmed.values():
            if not confirmed.done():
                confirmed.set_exception(LostError(why))


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
    host = settings.host
    port = host.port or (ENCRYPTED_PORT if settings.encrypted else PORT)
    ways = [
        ConnectionParameters(
            host=address,
            port=port,
            virtual_host=settings.virtual_host,
            credentials=PlainCredentials(settings.user, settings.password),
            ssl_options=SSLOptions(gate.tls(), host.name) if settings.encrypted else None,
            heartbeat=HEARTBEAT_SECONDS,
            client_properties={"connection_name": "stampbook"},
        )
        for address in await gate.addresses(host, port)
    ]
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    dialling = AsyncioConnection.create_connection(
        ways, lambda result: None if done.done() else done.set_result(result)
    )
    try:
        result = await done
    except asyncio.CancelledError:
        dialling.abort()
        raise
    if isinstance(result, AsyncioConnection):
        return result
    raise _why(result)


def _why(failed: BaseException) -> RefusedError | LostError:
    """Say why there is no connection, by the innermost of the library's errors."""
    while True:
        inner = getattr(failed, "exceptions", ())[-1:] or (getattr(failed, "exception", None),)
        if not isinstance(inner[0], BaseException):
            break
        failed = inner[0]
    code = failed.reply_code if isinstance(failed, ConnectionClosedByBroker) else None
    if code == ACCESS_REFUSED or isinstance(
        failed, AuthenticationError | ProbableAuthenticationError
    ):
        return RefusedError("the credentials were refused")
    if code == NOT_ALLOWED or isinstance(failed, ProbableAccessDeniedError):
        return RefusedError("the virtual host is not there, or not open to the user")
    return LostError(words_of(failed))


DESTINATION = Broker(title="RabbitMQ", schemes=("amqp", "amqps"), read=read, connect=connect)
