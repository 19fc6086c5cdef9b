"""A consumer on loopback that does everything right, but for the one thing that it is told to."""

import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Literal

import msgspec
from msgspec import Struct

from stampbook.consumer import (
    DialectName,
    MissingHeaderError,
    NotGenuineError,
    Unknown,
    UnreadableBodyError,
    parse,
    read,
)
from stampbook.consumer.message import Event, Message

Fault = Literal[
    "none",
    "refuses a type",
    "refuses what it has seen",
    "processes twice",
    "looks first and notes later",
    "wants numbers to rise",
    "judges by the date of the event",
    "takes small bodies only",
    "reads the first event only",
    "works before it answers",
    "closes in silence",
    "says that it closes",
    "knows header names by their spelling",
    "looks at the first signature",
    "knows every field",
    "knows every type",
    "takes the beginning of a signature",
    "takes what is not signed",
    "takes what is signed with nothing",
    "verifies what it wrote itself",
    "takes what is old",
    "takes what is not yet",
    "redirects",
    "is gone",
    "breaks where it should refuse",
    "says nothing",
    "processes what it refuses",
]
REFUSED_TYPES = {"tier.upgraded", "event_member_tierupgrade", "viptier_create"}
CHANGES = {"member.updated", "event_member_update", "lead_update"}
AWARDS = {"points.earned", "event_points_earned", "walletreward_create"}
SIGNATURES = {"zinrelo": "x-zinrelo-signature", "nector": "x-nector-webhook-hmac"}
DAY_SECONDS = 86_400
SMALL_BYTES = 48 * 1024
WORK_SECONDS = 0.4
RACE_SECONDS = 0.2


class Shop(Struct, kw_only=True):
    """A consumer's setting: whose webhooks it gets, what it checks, and what it does wrong."""

    dialect: DialectName
    secret: str
    by: Literal["standard", "vendor"] = "standard"
    fault: Fault = "none"


class Desk:
    """Takes requests for a shop."""

    def __init__(self, shop: Shop) -> None:
        self.processed = 0
        self.types: list[str] = []
        self._shop = shop
        self._seen: set[str] = set()
        self._highest = 0
        self._lock = Lock()

    def take(self, headers: list[tuple[str, str]], body: bytes) -> int:
        """Give the status that a request is answered with."""
        if self._shop.fault == "takes small bodies only" and len(body) > SMALL_BYTES:
            return 413
        found = {name.lower(): value for name, value in headers}
        if self._shop.fault == "knows header names by their spelling":
            found = dict(headers)
            if "webhook-id" not in found:
                return 401
        try:
            message = _verified(self._shop, found, body)
        except NotGenuineError as error:
            return self._refuse(error)
        except UnreadableBodyError:
            return 400
        return self._refused(message) or self._process(message)

    def _refuse(self, error: NotGenuineError) -> int:
        if self._shop.fault == "processes what it refuses":
            self.processed += 1
        is_broken = self._shop.fault == "breaks where it should refuse"
        return 500 if is_broken and isinstance(error, MissingHeaderError) else 401

    def _refused(self, message: Message[Any]) -> int:
        """Give the status with which the fault refuses what is genuine."""
        event, fault = message.events[0], self._shop.fault
        with self._lock:
            is_late = (message.sequence or 0) < self._highest
            self._highest = max(self._highest, message.sequence or 0)
        refused = {
            "wants numbers to rise": is_late,
            "judges by the date of the event": time.time() - _happened_at(event) > DAY_SECONDS,
            "knows every type": isinstance(event.data, Unknown),
            "knows every field": _has_more(event),
            "refuses a type": event.type in REFUSED_TYPES,
        }
        return 422 if refused.get(fault) else 0

    def _process(self, message: Message[Any]) -> int:
        events, fault = message.events, self._shop.fault
        if fault == "works before it answers" and events[0].type in CHANGES:
            time.sleep(WORK_SECONDS)
        if fault == "reads the first event only":
            events = events[:1]
        ids = [event.id for event in events]
        early = self._new(ids)
        if fault == "looks first and notes later" and events[0].type in AWARDS:
            time.sleep(RACE_SECONDS)
        with self._lock:
            new = early if fault == "looks first and notes later" else self._new(ids)
            if not new and fault == "refuses what it has seen":
                return 409
            self._seen.update(ids)
            self.processed += len(ids if fault == "processes twice" else new)
            self.types += [event.type for event in events]
        return 204

    def _new(self, ids: list[str]) -> list[str]:
        return [id_ for id_ in ids if id_ not in self._seen]


def _verified(shop: Shop, headers: Mapping[str, str], body: bytes) -> Message[Any]:
    """Verify and read a request, as well as the fault lets it."""
    now = time.time()
    sent_at = _sent_at(headers)
    if _is_let_in(shop, headers, body):
        return parse(shop.dialect, {"webhook-id": "none", **headers}, body)
    if shop.fault == "takes what is old":
        now = min(now, sent_at)
    elif shop.fault == "takes what is not yet":
        now = max(now, sent_at)
    elif shop.fault == "verifies what it wrote itself":
        body = msgspec.json.encode(msgspec.json.decode(body))
    elif shop.fault == "looks at the first signature":
        first = headers.get("webhook-signature", "").partition(" ")[0]
        headers = {**headers, "webhook-signature": first}
    return read(shop.dialect, headers, body, shop.secret, now=now, by=shop.by)


def _sent_at(headers: Mapping[str, str]) -> float:
    return float(headers.get("webhook-timestamp", time.time()))


def _is_let_in(shop: Shop, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether the fault lets a request in whatever is wrong with its signature."""
    name = SIGNATURES[shop.dialect] if shop.by == "vendor" else "webhook-signature"
    digest = headers.get(name, "").rpartition(",")[2]
    if shop.fault == "takes what is not signed":
        return not digest
    if shop.fault == "takes the beginning of a signature":
        whole = _digest(shop, headers, body, shop.secret)
        return bool(digest) and digest != whole and whole.startswith(digest)
    return shop.fault == "takes what is signed with nothing" and digest == _digest(
        shop, headers, body, ""
    )


def _digest(shop: Shop, headers: Mapping[str, str], body: bytes, secret: str) -> str:
    if shop.by == "standard":
        head = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode()
        key = b64decode(secret.removeprefix("whsec_"))
        return b64encode(hmac.digest(key, head + body, "sha256")).decode()
    if shop.dialect == "zinrelo":
        nonced = b"%b:%b" % (body, headers.get("nonce", "").encode())
        return hmac.digest(secret.encode(), nonced, "sha512").hex()
    return hmac.digest(secret.encode(), body, "sha256").hex()


def _happened_at(event: Event[Any]) -> float:
    """Give when an event happened by what its body says."""
    if event.occurred_at is not None:
        return event.occurred_at.timestamp()
    said = event.raw.get("updated_at")
    return time.time() if said is None else datetime.fromisoformat(said).timestamp()


def _has_more(event: Event[Any]) -> bool:
    return not isinstance(event.data, Unknown) and not set(event.raw) <= set(
        event.data.__struct_fields__
    )


class Door(BaseHTTPRequestHandler):
    """POST /hooks, and GET /count."""

    protocol_version = "HTTP/1.1"
    desk: Desk
    fault: Fault

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.fault == "redirects":
            self._answer(308, location="/elsewhere")
        elif self.fault == "is gone":
            self._answer(410)
        elif self.fault == "says nothing":
            self.close_connection = True
        else:
            self._answer(self.desk.take(self.headers.items(), body))

    def do_GET(self) -> None:
        told = "many" if self.path == "/text" else str(self.desk.processed)
        self._answer(200, told.encode())

    def _answer(self, status: int, content: bytes = b"", location: str | None = None) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(content)))
        if location is not None:
            self.send_header("location", location)
        if self.fault == "says that it closes":
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(content)
        if self.fault == "closes in silence":
            self.close_connection = True

    def log_request(self, code: object = "-", size: object = "-") -> None:
        del code, size  # the tests read answers, not logs


class Loopback(ThreadingHTTPServer):
    """A server whose connections end with it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


@contextmanager
def serving(shop: Shop) -> Generator[tuple[str, Desk]]:
    """Serve a shop on a free port; give its address and who takes its requests."""
    desk = Desk(shop)
    server = Loopback(
        ("127.0.0.1", 0), type("ShopDoor", (Door,), {"desk": desk, "fault": shop.fault})
    )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", desk
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
