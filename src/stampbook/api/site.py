"""The site: the ASGI application that finds, runs, counts and answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from urllib.parse import quote

import structlog

from stampbook.api.exchange import (
    Exchange,
    Receive,
    Reply,
    Scope,
    Send,
    new_request_id,
    problem_reply,
    send_reply,
)
from stampbook.api.metrics import Metrics
from stampbook.api.paths import NO_PARAMETERS, Paths
from stampbook.api.problem import SERVER_FAULT, ProblemError
from stampbook.values.ids import RequestId

Endpoint = Callable[[Exchange], Awaitable[Reply]]
Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class RequestSpan(Protocol):
    """A request that is traced. `context` is its `traceparent`; None when nobody is to know."""

    context: str | None

    def end(self, operation: str, status: int, request_id: RequestId) -> None:
        """Tell what it was and how it was answered."""
        ...


Trace = Callable[[Scope], RequestSpan]

_log = structlog.get_logger("stampbook.api")

NOWHERE = "nowhere"
"""The operation under which requests are counted that found no route."""


class Site:
    """An ASGI application of endpoints by path and method.

    Shapes: plain ASGI, because the writing routes are called thousands of times in a second.
    `lifespan` is entered before the first request and left after the last. With `trace` each
    request is traced.
    """

    def __init__(self, metrics: Metrics, lifespan: Lifespan, trace: Trace | None = None) -> None:
        self._trace = trace
        self._paths: Paths[tuple[str, Endpoint]] = Paths()
        self._metrics = metrics
        self._lifespan = lifespan
        self._leaving = asyncio.Event()

    def add(self, path: str, method: str, operation: str, endpoint: Endpoint) -> None:
        """Let an endpoint answer a method of a path; `operation` names it in logs and metrics."""
        self._paths.add(path, method, (operation, endpoint))

    def leave(self) -> None:
        """Say that the server is about to stop, so that nobody waits for what may come."""
        self._leaving.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = new_request_id()
        operation, path = NOWHERE, NO_PARAMETERS
        span = None if self._trace is None else self._trace(scope)
        trace = None if span is None else span.context
        try:
            raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
            (operation, endpoint), path = self._paths.find(scope["method"], raw_path)
            exchange = Exchange(
                scope, receive, path, request_id, trace=trace, leaving=self._leaving
            )
            reply = await endpoint(exchange)
        except ProblemError as error:
            reply = problem_reply(error.problem, error.headers)
        except Exception:  # noqa: BLE001 - the edge: whatever it is, the caller gets an answer
            _log.exception("fault", operation=operation, request_id=request_id)
            reply = problem_reply(ProblemError(SERVER_FAULT).problem)
        self._metrics.count(operation, reply.status, time.perf_counter() - started)
        if span is not None:
            span.end(operation, reply.status, request_id)
        await send_reply(send, reply, request_id)

    async def _live(self, receive: Receive, send: Send) -> None:
        phase = "startup"
        await receive()
        try:
            async with self._lifespan():
                await send({"type": "lifespan.startup.complete"})
                await receive()
                phase = "shutdown"
        except Exception as error:
            await send({"type": f"lifespan.{phase}.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})
