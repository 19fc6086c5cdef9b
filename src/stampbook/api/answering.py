"""Answering: the one handler of every route that answers from the store."""

import asyncio

from msgspec import Struct

from stampbook.api.authentication import KeyRing
from stampbook.api.decoding import BodyReader, QueryReader
from stampbook.api.desk import Desk, Parts
from stampbook.api.exchange import Exchange, Reply, json_reply
from stampbook.api.problem import ENGINE_UNAVAILABLE, REQUEST_MEDIA_TYPE, ProblemError
from stampbook.api.route import Answer
from stampbook.api.writing import RETRY_AFTER, check_json, idempotency_key
from stampbook.store.backend import ClashError, UnavailableError


class AnswerEndpoint:
    """Answers a route in a thread, because the store waits for the database."""

    __slots__ = ("_body", "_keys", "_parts", "_query", "_route")

    def __init__(self, route: Answer, keys: KeyRing, parts: Parts) -> None:
        self._route = route
        self._keys = keys
        self._parts = parts
        self._query = QueryReader(route.asks) if route.reads_query else None
        self._body = None if route.reads_query else BodyReader(route.asks, route.path_names)

    async def __call__(self, exchange: Exchange) -> Reply:
        """Authenticate, read, and answer with what the route's function gives."""
        caller = await self._keys.allowed(exchange.headers.get(b"authorization"), self._route.scope)
        asked = await self._asked(exchange)
        desk = Desk(
            parts=self._parts,
            caller=caller,
            request_id=exchange.request_id,
            body=await self._text(exchange) if self._route.reads_text else b"",
        )
        try:
            given = await asyncio.to_thread(self._route.answers, desk, asked)
        except (UnavailableError, ClashError) as error:
            raise ProblemError(ENGINE_UNAVAILABLE, headers=(RETRY_AFTER,)) from error
        return json_reply(given, self._route.status)

    async def _text(self, exchange: Exchange) -> bytes:
        """Read a body that is no JSON.

        Errors: ProblemError `request.media_type_unsupported`.
        """
        named = exchange.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if named.decode("latin-1") not in self._route.media_types:
            wanted = " or ".join(self._route.media_types)
            raise ProblemError(REQUEST_MEDIA_TYPE, f"Send Content-Type: {wanted}.")
        return await exchange.body(self._route.body_bytes_max)

    async def _asked(self, exchange: Exchange) -> Struct:
        if self._query is not None:
            return self._query.read(exchange.query, exchange.path)
        assert self._body is not None
        idempotency_key(exchange.headers)
        body = await exchange.body(self._route.body_bytes_max)
        check_json(exchange.headers, body)
        return self._body.read(body, exchange.path)
