"""Writing: the one handler of every command, on the hot path from the socket to the engine."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import assert_never

from stampbook.api.authentication import KeyRing
from stampbook.api.decoding import BodyReader, QueryReader
from stampbook.api.exchange import JSON, JSON_HEADERS, Exchange, Header, Reply, problem_reply
from stampbook.api.problem import (
    ENGINE_BUSY,
    ENGINE_UNAVAILABLE,
    IDEMPOTENCY_KEY_INVALID,
    REQUEST_MEDIA_TYPE,
    SERVER_FAULT,
    ProblemError,
    problem_of,
)
from stampbook.api.route import Submit
from stampbook.commands import Command
from stampbook.engine.queue import QueueFullError
from stampbook.engine.submission import (
    Done,
    Failed,
    Outcome,
    Rejected,
    Submission,
    Unavailable,
)

Ask = Callable[[Submission], Awaitable[Outcome]]

IDEMPOTENCY_KEY = re.compile(rb"[\x21-\x7e]{1,255}")
JSON_TYPE = re.compile(rb"(?i)application/json\s*(;\s*charset=\"?utf-8\"?\s*)?")
RETRY_AFTER: Header = (b"retry-after", b"1")
"""Units: seconds. The engine's queue drains within one, or the database is away."""

REPLAYED: Header = (b"idempotency-replayed", b"true")
REPLAYED_HEADERS: tuple[Header, ...] = (*JSON_HEADERS, REPLAYED)


class CommandEndpoint:
    """Answers a route that submits a command."""

    __slots__ = ("_ask", "_body", "_keys", "_makes", "_operation", "_query", "_route", "_status")

    def __init__(self, route: Submit, keys: KeyRing, ask: Ask) -> None:
        self._route = route
        self._keys = keys
        self._ask = ask
        self._query = QueryReader(route.asks) if route.reads_query else None
        self._body = BodyReader(route.asks, () if route.reads_query else route.path_names)
        self._makes = route.makes
        self._operation = route.operation
        self._status = route.status

    async def __call__(self, exchange: Exchange) -> Reply:
        """Authenticate, read, submit, and answer with what the engine says."""
        headers = exchange.headers
        caller = await self._keys.allowed(headers.get(b"authorization"), self._route.scope)
        key = idempotency_key(headers)
        if self._query is None:
            body = await exchange.body(self._route.body_bytes_max)
            check_json(headers, body)
            asked = self._body.read(body, exchange.path)
        else:
            body = exchange.query
            asked = self._query.read(body, exchange.path)
        command = asked if self._makes is None else self._makes(asked)
        assert isinstance(command, Command)
        submission = Submission(
            program_id=caller.program_id,
            command=command,
            principal=caller.id,
            cause=exchange.request_id,
            trace=exchange.trace,
            idempotency_key=key,
            request_hash="" if key is None else request_hash(self._operation, exchange.path, body),
        )
        try:
            outcome = await self._ask(submission)
        except QueueFullError as error:
            raise ProblemError(ENGINE_BUSY, headers=(RETRY_AFTER,)) from error
        return reply_to(outcome, self._status)


def request_hash(operation: str, path: Mapping[str, str], *said: bytes) -> str:
    """Tell requests apart by operation, path and what they said, to the byte."""
    parts = (operation.encode(), *(value.encode() for value in path.values()), *said)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def reply_to(outcome: Outcome, status: int) -> Reply:
    """Give the reply to an outcome: the result's bytes as the engine made them.

    Errors: ProblemError `engine.unavailable`, `server.fault`.
    """
    match outcome:
        case Done(result=result, replayed=replayed):
            return Reply(status, result, REPLAYED_HEADERS if replayed else JSON_HEADERS)
        case Rejected(refused=refused, replayed=replayed):
            return problem_reply(problem_of(refused), (REPLAYED,) if replayed else ())
        case Unavailable():
            raise ProblemError(ENGINE_UNAVAILABLE, headers=(RETRY_AFTER,))
        case Failed():
            raise ProblemError(SERVER_FAULT)
        case _:
            assert_never(outcome)


def idempotency_key(headers: dict[bytes, bytes]) -> str | None:
    """Give the caller's Idempotency-Key.

    Errors: ProblemError `idempotency.key_invalid`.
    """
    key = headers.get(b"idempotency-key")
    if key is None:
        return None
    if IDEMPOTENCY_KEY.fullmatch(key) is None:
        raise ProblemError(IDEMPOTENCY_KEY_INVALID, field="Idempotency-Key")
    return key.decode()


def check_json(headers: dict[bytes, bytes], body: bytes) -> None:
    """Check that a body says it is JSON.

    Errors: ProblemError `request.media_type_unsupported`.
    """
    media_type = headers.get(b"content-type", b"")
    if body and media_type != JSON[1] and JSON_TYPE.fullmatch(media_type) is None:
        raise ProblemError(REQUEST_MEDIA_TYPE, "Send Content-Type: application/json.")
