"""Answering: the one handler of every route that is no command."""

import asyncio
from typing import Any, assert_never

from msgspec import Struct

from stampbook.api.authentication import KeyRing
from stampbook.api.decoding import BodyReader, QueryReader
from stampbook.api.desk import Desk, Parts
from stampbook.api.exchange import Exchange, Reply, json_reply
from stampbook.api.performing import perform_run, perform_write
from stampbook.api.polling import Waiting
from stampbook.api.problem import ENGINE_UNAVAILABLE, REQUEST_MEDIA_TYPE, ProblemError
from stampbook.api.remembering import Memory
from stampbook.api.route import Answer, Poll, Run, Write, takes_key
from stampbook.api.writing import RETRY_AFTER, check_json, idempotency_key, request_hash
from stampbook.store.backend import ClashError, UnavailableError


class AnswerEndpoint:
    """Answers a route in a thread, because the store waits for the database."""

    __slots__ = ("_body", "_keys", "_parts", "_query", "_route", "_waiting")

    def __init__(self, route: Answer | Poll | Write | Run, keys: KeyRing, parts: Parts) -> None:
        self._route = route
        self._keys = keys
        self._parts = parts
        self._query = QueryReader(route.asks) if route.reads_query else None
        self._body = None if route.reads_query else BodyReader(route.asks, route.path_names)
        self._waiting = Waiting()

    async def __call__(self, exchange: Exchange) -> Reply:
        """Authenticate, read, and answer with what the route's function gives."""
        headers = exchange.headers
        caller = await self._keys.allowed(headers.get(b"authorization"), self._route.scope)
        key = idempotency_key(headers) if takes_key(self._route) else None
        asked, body = await self._asked(exchange)
        desk = Desk(
            parts=self._parts,
            caller=caller,
            request_id=exchange.request_id,
            body=body if self._route.reads_text else b"",
        )
        try:
            if isinstance(self._route, Poll):
                return await self._polled(self._route, desk, asked, exchange)
            return await asyncio.to_thread(
                self._reply, self._route, desk, asked, key, exchange, body
            )
        except (UnavailableError, ClashError) as error:
            raise ProblemError(ENGINE_UNAVAILABLE, headers=(RETRY_AFTER,)) from error

    async def _polled(self, route: Poll, desk: Desk, asked: Any, exchange: Exchange) -> Reply:
        found = await self._waiting.until(
            lambda: asyncio.to_thread(route.polls, desk, asked),
            route.says,
            exchange,
            asked.wait_seconds,
        )
        return json_reply(found, route.status)

    def _reply(
        self,
        route: Answer | Write | Run,
        desk: Desk,
        asked: Struct,
        key: str | None,
        exchange: Exchange,
        body: bytes,
    ) -> Reply:
        memory = None
        if key is not None:
            said = (exchange.query, body) if route.reads_query else (body,)
            memory = Memory(desk, key, request_hash(route.operation, exchange.path, *said))
        match route:
            case Answer():
                return json_reply(route.answers(desk, asked), route.status)
            case Write():
                return perform_write(route, desk, asked, memory)
            case Run():
                return perform_run(route, desk, asked, memory)
            case _:
                assert_never(route)

    async def _asked(self, exchange: Exchange) -> tuple[Struct, bytes]:
        """Read what is asked, and the body."""
        if self._query is not None:
            asked = self._query.read(exchange.query, exchange.path)
            return asked, await self._text(exchange) if self._route.reads_text else b""
        assert self._body is not None
        body = await exchange.body(self._route.body_bytes_max)
        check_json(exchange.headers, body)
        return self._body.read(body, exchange.path), body

    async def _text(self, exchange: Exchange) -> bytes:
        """Read a body that is no JSON.

        Errors: ProblemError `request.media_type_unsupported`.
        """
        named = exchange.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if named.decode("latin-1") not in self._route.media_types:
            wanted = " or ".join(self._route.media_types)
            raise ProblemError(REQUEST_MEDIA_TYPE, f"Send Content-Type: {wanted}.")
        return await exchange.body(self._route.body_bytes_max)
