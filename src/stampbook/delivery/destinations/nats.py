"""NATS JetStream: `nats://user:password@host:4222/subject?stream=NAME`; `nats+tls` encrypts.

A message has arrived when a stream has acknowledged it, with its name and the message's number.
The id of the request is the message's id, so the stream drops a repetition within its window.
Source: https://docs.nats.io/nats-concepts/jetstream, and its headers page.
"""

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Callable
from typing import Any

from msgspec import DecodeError, Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport
from nats.errors import BadHeaderError, MaxPayloadError
from nats.errors import Error as NatsError

from stampbook.delivery.call import Request
from stampbook.delivery.destinations import Broker, id_of
from stampbook.delivery.gate import UNASKED_BYTES_MAX, Gate, LostError, RefusedError, words_of
from stampbook.delivery.locator import Host, Locator
from stampbook.values.json import decode, encode_text

PORT = 4222
TLS = "nats+tls"
MESSAGE_ID = "Nats-Msg-Id"
EXPECTED_STREAM = "Nats-Expected-Stream"
CLOSED = "the connection was closed"
NOBODY_LISTENS = "503"
RESERVED = "nats-"
"""Headers that begin like this are orders to the server, such as to empty the stream."""

TOKEN = r"[^\s.*>]+"  # noqa: S105 - a part of a subject
SUBJECT = re.compile(rf"(?!\$){TOKEN}(\.{TOKEN})*")
STREAM = re.compile(r"[^\s.*>/\\]+")
DESCRIPTION_MAX = 200
PENDING_BYTES_MAX = 256 * 1024 * 1024
"""Past it the client waits for a flush that never comes when the connection is lost."""
SILENT = logging.CRITICAL + 1
"""The library would log addresses that customers chose."""

logging.getLogger("nats").setLevel(SILENT)


class Settings(Struct, frozen=True, kw_only=True):
    """What a URL says."""

    host: Host
    encrypted: bool
    user: str | None
    password: str | None
    subject: str
    stream: str | None


def read(locator: Locator) -> Settings:
    """Give what a URL says.

    Errors: ValueError.
    """
    locator.allow({"stream"})
    stream = locator.settings.get("stream")
    if not SUBJECT.fullmatch(locator.path):
        raise ValueError("the URL's path is no subject that can be published to")
    if stream is not None and not STREAM.fullmatch(stream):
        raise ValueError("the URL names a stream that cannot be")
    return Settings(
        host=locator.only_host(),
        encrypted=locator.scheme == TLS,
        user=locator.user,
        password=locator.password,
        subject=locator.path,
        stream=stream,
    )


class Refusal(Struct, frozen=True):
    """Why a stream did not keep a message."""

    description: str = ""


class Acknowledgement(Struct, frozen=True, omit_defaults=True):
    """What a stream answers to a message."""

    stream: str = ""
    seq: int = 0
    duplicate: bool = False
    error: Refusal | None = None


class _Wire(TcpTransport):
    """A connection that is made already, so that the client dials nothing by itself.

    It says itself when it is lost: the client may stumble over its own farewell before it does.
    """

    def __init__(
        self, dialled: socket.socket, lose: Callable[[str], None], *, must_encrypt: bool
    ) -> None:
        super().__init__()
        self._dialled = dialled
        self._lose = lose
        self._must_encrypt = must_encrypt
        self._unasked_bytes = 0

    def __bool__(self) -> bool:
        return True

    async def connect(self, uri: Any, buffer_size: int, connect_timeout: int) -> None:
        del uri, connect_timeout
        reader, writer = await asyncio.open_connection(sock=self._dialled, limit=buffer_size)
        self._bare_io_reader = self._io_reader = reader
        self._bare_io_writer = self._io_writer = writer

    async def connect_tls(
        self, uri: Any, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        await super().connect_tls(uri, ssl_context, buffer_size, connect_timeout)
        self._must_encrypt = False

    def close(self) -> None:
        super().close()
        if self._io_writer is None:
            self._dialled.close()

    def write(self, payload: bytes) -> None:
        if self._must_encrypt:  # the client would send the password in the clear
            raise LostError("the server offers no TLS")
        self._unasked_bytes -= len(payload)
        super().write(payload)

    def writelines(self, payload: list[bytes]) -> None:
        self._unasked_bytes -= sum(map(len, payload))
        super().writelines(payload)

    async def read(self, buffer_size: int) -> bytes:
        try:
            received = await super().read(buffer_size)
            self._unasked_bytes += len(received)
            if self._unasked_bytes > UNASKED_BYTES_MAX:
                raise ConnectionError("the server says too much")
        except OSError:
            self._lose(CLOSED)
            raise
        if not received:
            self._lose(CLOSED)
        return received

    async def drain(self) -> None:
        try:
            await super().drain()
        except OSError:
            self._lose(CLOSED)


class _Publisher:
    """A client with an inbox in which each message's acknowledgement has a place of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = Client()
        self._inbox = self._client.new_inbox()
        self._sent = 0
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._lost: str | None = None

    @property
    def is_open(self) -> bool:
        return self._client.is_connected and self._lost is None

    async def open(self, gate: Gate) -> None:
        settings, host = self._settings, self._settings.host
        dialled = await gate.dial(host, PORT)
        wire = _Wire(dialled, self._lose, must_encrypt=settings.encrypted)
        self._client._transport = wire  # noqa: SLF001 - the client has no other way to be given one
        has_password = settings.password is not None
        try:
            await self._client.connect(
                f"nats://{f'[{host.name}]' if ':' in host.name else host.name}:{host.port or PORT}",
                name="stampbook",
                user=settings.user if has_password else None,
                password=settings.password,
                token=None if has_password else settings.user,
                tls=gate.tls(),
                allow_reconnect=False,
                pending_size=PENDING_BYTES_MAX,
                error_cb=self._hear_error,
            )
            await self._client.subscribe(f"{self._inbox}.*", cb=self._hear_answer)
        except BaseException:
            wire.close()
            raise

    async def publish(self, request: Request) -> str:
        headers = {
            name: value for name, value in request.headers if not name.lower().startswith(RESERVED)
        } | {MESSAGE_ID: id_of(request)}
        if self._settings.stream is not None:
            headers[EXPECTED_STREAM] = self._settings.stream
        self._sent += 1
        place = f"{self._inbox}.{self._sent}"
        answered = self._waiting[place] = asyncio.get_running_loop().create_future()
        try:
            await self._client.publish(self._settings.subject, request.body, place, headers)
            if self._lost is not None:  # this one came too late to be told
                self._lose(self._lost)
            return _receipt(await answered)
        except (MaxPayloadError, BadHeaderError):
            raise RefusedError("the message is not one that the server takes") from None
        except NatsError as failed:
            raise LostError(self._lost or words_of(failed)) from None
        finally:
            del self._waiting[place]
            if answered.done() and not answered.cancelled():
                answered.exception()  # heard, or the loop would complain that nobody did

    async def close(self) -> None:
        await self._client.close()

    async def _hear_answer(self, message: Msg) -> None:
        answered = self._waiting.get(message.subject)
        if answered is not None and not answered.done():
            answered.set_result(message)

    async def _hear_error(self, error: Exception) -> None:
        said = str(error).lower()
        if "permissions violation for subscription" in said:
            self._lose("the credentials do not allow to hear acknowledgements")
        elif "permissions violation" in said:
            self._lose("the credentials do not allow to publish to the subject")

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        for answered in self._waiting.values():
            if not answered.done():
                answered.set_exception(LostError(why))


def _receipt(message: Msg) -> str:
    """Give what a stream acknowledges; somebody else may have answered, or nobody."""
    if (message.headers or {}).get("Status") == NOBODY_LISTENS:
        raise RefusedError("no stream takes the subject")
    try:
        answer = decode(message.data, Acknowledgement)
    except DecodeError:
        raise RefusedError("what listens to the subject is no stream") from None
    if answer.error is not None:
        said = "".join(filter(str.isprintable, answer.error.description))[:DESCRIPTION_MAX]
        raise RefusedError(f"the stream refused the message: {said}")
    if not answer.stream or not answer.seq:
        raise RefusedError("what listens to the subject is no stream")
    return encode_text(answer)


async def connect(settings: Settings, gate: Gate) -> _Publisher:
    """Open a connection.

    Errors: RefusedError, LostError.
    """
    publisher = _Publisher(settings)
    try:
        await publisher.open(gate)
    except NatsError as failed:
        if "authorization" in str(failed).lower():
            raise RefusedError("the credentials were refused") from None
        raise LostError(words_of(failed)) from None
    except OSError as failed:
        raise LostError(words_of(failed)) from None
    return publisher


DESTINATION = Broker(title="NATS JetStream", schemes=("nats", TLS), read=read, connect=connect)
