"""An exchange: one HTTP request as the routes see it, and the reply to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, MutableMapping
from functools import partial
from random import SystemRandom
from typing import Any

import msgspec

from stampbook.api.problem import (
    REQUEST_INCOMPLETE,
    REQUEST_TOO_LARGE,
    Problem,
    ProblemError,
    ProblemKind,
)
from stampbook.values.ids import RequestId

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

BODY_BYTES_MAX = 1024 * 1024
"""Units: bytes. What a route accepts unless it says otherwise."""

BODY_SECONDS_MAX = 30
"""How long a body may take to arrive."""

RANDOM_BITS = 52

JSON: Header = (b"content-type", b"application/json")
PROBLEM_JSON: Header = (b"content-type", b"application/problem+json")
NO_STORE: Header = (b"cache-control", b"no-store")
NO_SNIFF: Header = (b"x-content-type-options", b"nosniff")
JSON_HEADERS: tuple[Header, ...] = (JSON, NO_STORE, NO_SNIFF)
PROBLEM_HEADERS: tuple[Header, ...] = (PROBLEM_JSON, NO_STORE, NO_SNIFF)

_encode = msgspec.json.Encoder().encode
_random_bits = SystemRandom().getrandbits


class Reply:
    """What is sent back."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, status: int, body: bytes, headers: tuple[Header, ...] = JSON_HEADERS
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers


class Exchange:
    """One request.

    Shapes: `path` holds the path's parameters, decoded; `trace` is its `traceparent` when it is
    traced; `leaving` says when to hurry.
    """

    __slots__ = ("headers", "leaving", "path", "query", "receive", "request_id", "trace")

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        path: Mapping[str, str],
        request_id: RequestId,
        *,
        trace: str | None = None,
        leaving: asyncio.Event | None = None,
    ) -> None:
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.query: bytes = scope["query_string"]
        self.receive = receive
        self.path = path
        self.request_id = request_id
        self.leaving = leaving or asyncio.Event()
        self.trace = trace

    async def body(self, bytes_max: int = BODY_BYTES_MAX) -> bytes:
        """Read the whole body.

        Errors: ProblemError `request.too_large`, before more than `bytes_max` is kept;
        `request.incomplete`.
        """
        length = self.headers.get(b"content-length")
        if length is not None and length.isdigit() and int(length) > bytes_max:
            raise ProblemError(REQUEST_TOO_LARGE, f"The limit is {bytes_max} bytes.")
        reading = self._whole_body(bytes_max)
        try:
            waits_for = reading.send(None)
        except StopIteration as done:  # it has come already, as nearly always: no timer is set
            body: bytes = done.value
        else:
            try:
                async with asyncio.timeout(BODY_SECONDS_MAX):
                    body = await _Begun(reading, waits_for)
            except TimeoutError as error:
                raise ProblemError(REQUEST_INCOMPLETE) from error
        if len(body) > bytes_max:
            raise ProblemError(REQUEST_TOO_LARGE, f"The limit is {bytes_max} bytes.")
        return body

    async def _whole_body(self, bytes_max: int) -> bytes:
        message = await self.receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            return message.get("body", b"")
        body = bytearray()
        while message["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > bytes_max:
                return bytes(body)
            message = await self.receive()
        raise ProblemError(REQUEST_INCOMPLETE)


class _Begun(Awaitable[bytes]):
    """A coroutine that was begun by hand, and what it waits for: it goes on from there."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, bytes], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, bytes]:
        waits_for = self._waits_for
        while True:
            try:
                came = yield waits_for
            except BaseException as error:  # noqa: BLE001 - a time-out or a cancellation is its too
                step = partial(self._coroutine.throw, error)
            else:
                step = partial(self._coroutine.send, came)
            try:
                waits_for = step()
            except StopIteration as done:
                return done.value


def new_request_id() -> RequestId:
    """Give a time-ordered id to a request: it is the cause of every fact that follows."""
    return RequestId(f"{time.time_ns() // 1_000_000:011x}{_random_bits(RANDOM_BITS):013x}")


def json_reply(value: object, status: int = 200) -> Reply:
    """Reply with a value as JSON."""
    return Reply(status, _encode(value))


def problem_reply(problem: Problem, headers: tuple[Header, ...] = ()) -> Reply:
    """Reply with a problem."""
    return Reply(problem.status, _encode(problem), PROBLEM_HEADERS + headers)


def problem_reply_of(kind: ProblemKind) -> Reply:
    """Reply with a problem that needs no detail."""
    return problem_reply(ProblemError(kind).problem)


async def send_reply(send: Send, reply: Reply, request_id: RequestId) -> None:
    """Send a reply."""
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [
                *reply.headers,
                (b"content-length", b"%d" % len(reply.body)),
                (b"x-request-id", request_id.encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": reply.body})
