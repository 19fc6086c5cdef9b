"""The receiver: a process that takes the demo's webhooks and verifies every signature.

It is written as a subscriber would write it: it knows the secret and the documented headers.
"""

import asyncio
import base64
import hmac
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec
import uvicorn
from msgspec import Struct

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HOST = "127.0.0.1"
RECEIVED_BYTES_MAX = 4 * 1024 * 1024


class Report(Struct, frozen=True, kw_only=True):
    """What arrived so far: requests and refused signatures by dialect, events by type."""

    requests: dict[str, int]
    bad_signatures: dict[str, int]
    events: dict[str, dict[str, int]]
    largest_batch: int


def is_genuine(dialect: str, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Tell whether a request carries the signatures that its dialect promises."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    offered = headers["webhook-signature"].split()
    if not any(hmac.compare_digest(expected, signature) for signature in offered):
        return False
    if dialect == "zinrelo":
        nonced = body + b":" + headers["nonce"].encode()
        vendor = hmac.digest(secret.encode(), nonced, "sha512").hex()
        return hmac.compare_digest(vendor, headers["x-zinrelo-signature"])
    if dialect == "nector":
        vendor = hmac.digest(secret.encode(), body, "sha256").hex()
        return hmac.compare_digest(vendor, headers["x-nector-webhook-hmac"])
    return True


def types_of(headers: Mapping[str, str], body: bytes) -> list[str]:
    """Give the types of the events of a request: one topic in a header, or each in the body.

    Shapes: a body is one event, a list of them, or an object with a list of them.
    """
    if "x-nector-topic" in headers:
        return [headers["x-nector-topic"]]
    document: dict[str, Any] | list[dict[str, Any]] = msgspec.json.decode(body)
    events = document if isinstance(document, list) else document.get("events", [document])
    return [event.get("event_type") or event["type"] for event in events]


class Receiver:
    """An ASGI application: POST /hooks/{dialect}, PUT /secrets, GET /report."""

    def __init__(self, record: TextIO | None) -> None:
        self._record = record
        self._secrets: dict[str, str] = {}
        self._requests: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._events: dict[str, Counter[str]] = {}
        self._largest = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        body = await _body(receive)
        path: str = scope["path"]
        if path.startswith("/hooks/"):
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            status = self._take(path.removeprefix("/hooks/"), headers, body)
            await _answer(send, status, b"")
        elif path == "/secrets":
            self._secrets = msgspec.json.decode(body, type=dict[str, str])
            await _answer(send, 204, b"")
        else:
            await _answer(send, 200, msgspec.json.encode(self.report()))

    def report(self) -> Report:
        """Give what arrived so far."""
        if self._record is not None:
            self._record.flush()
        return Report(
            requests=dict(self._requests),
            bad_signatures=dict(self._bad),
            events={dialect: dict(types) for dialect, types in self._events.items()},
            largest_batch=self._largest,
        )

    def _take(self, dialect: str, headers: dict[str, str], body: bytes) -> int:
        secret = self._secrets[dialect]
        self._requests[dialect] += 1
        if not is_genuine(dialect, headers, body, secret):
            self._bad[dialect] += 1
            return 401
        events = types_of(headers, body)
        self._largest = max(self._largest, len(events))
        self._events.setdefault(dialect, Counter()).update(events)
        if self._record is not None:
            row = {
                "dialect": dialect,
                "secret": secret,
                "headers": headers,
                "body": body.decode(),
            }
            self._record.write(msgspec.json.encode(row).decode() + "\n")
        return 204


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        assert len(body) <= RECEIVED_BYTES_MAX, "a webhook is larger than the receiver takes"
        if not message.get("more_body"):
            return body


async def _answer(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve on the port given as the first argument; the second is the file to record to."""
    port, *rest = sys.argv[1:]
    record = Path(rest[0]).open("w", encoding="utf-8") if rest else None  # noqa: SIM115 - for life
    config = uvicorn.Config(
        Receiver(record),
        host=HOST,
        port=int(port),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
    )
    try:
        asyncio.run(uvicorn.Server(config).serve())
    finally:
        if record is not None:
            record.close()


if __name__ == "__main__":
    main()
