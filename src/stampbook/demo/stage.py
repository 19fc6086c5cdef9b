"""The stage: a new program on a test clock, a server, a receiver, an endpoint for each dialect."""

import hashlib
import http.client
import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet
from msgspec import Struct

from stampbook import dialects
from stampbook.core.definition import Definition
from stampbook.demo.client import Client
from stampbook.demo.processes import HOST, free_port, running
from stampbook.demo.receiver import Report
from stampbook.program.parse import parse
from stampbook.program.version import definition_hash
from stampbook.store.admin import ApiKey, NewVersion, add_key, create_program
from stampbook.store.backend import Backend, open_backend
from stampbook.store.migrate import migrate
from stampbook.store.subscriptions import spoken
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant, to_ms

PROGRAM_FILE = "cdnow.toml"
OPENING = datetime(1997, 1, 1, tzinfo=UTC)
SECRET_BYTES = 32
ID_BYTES = 12
REPORT_SECONDS = 10
WISHES: Mapping[str, Mapping[str, object]] = {
    "cloudevents": {
        "event_types": (
            "tier.upgraded", "tier.downgraded", "points.redeemed", "coupon.issued",
            "referral.completed", "member.deleted",
        ),
        "batch_size": 100,
    },
}  # fmt: skip
"""By dialect: what its endpoint wants. One that says the same as native in other words gets a
choice of facts, because the demo is to be short; and batches, which the others do not show."""


class Stage(Struct, frozen=True):
    """All that the demo plays on."""

    backend: Backend
    program_id: ProgramId
    client: Client
    api_url: str
    api_key: str
    receiver_port: int

    def report(self) -> Report:
        """Ask the receiver what has arrived."""
        connection = http.client.HTTPConnection(HOST, self.receiver_port, timeout=REPORT_SECONDS)
        try:
            connection.request("GET", "/report")
            return msgspec.json.decode(connection.getresponse().read(), type=Report)
        finally:
            connection.close()


@contextmanager
def staged(folder: Path, database: str | None, record: Path | None) -> Generator[Stage]:
    """Build the stage in a folder, and take it down when the block ends."""
    url = database or f"sqlite:///{folder / 'stampbook.db'}"
    migrate(url)
    with ExitStack() as stack:
        backend = open_backend(url)
        stack.callback(backend.close)
        program_id, api_key = _found_program(backend)
        ports = free_port(), free_port()
        _start_receiver(stack, ports[0], record)
        _start_server(stack, ports[1], url)
        client = Client(HOST, ports[1], api_key)
        stack.callback(client.close)
        _subscribe(client, ports[0])
        yield Stage(backend, program_id, client, f"http://{HOST}:{ports[1]}", api_key, ports[0])


def _found_program(backend: Backend) -> tuple[ProgramId, str]:
    """Create the sample program on a test clock, and a key that may do everything."""
    text = (files("stampbook.demo") / PROGRAM_FILE).read_text(encoding="utf-8")
    definition = parse(text, PROGRAM_FILE)
    assert isinstance(definition, Definition), f"the sample program is wrong: {definition}"
    program_id, key_id = ProgramId(secrets.token_hex(ID_BYTES)), secrets.token_hex(ID_BYTES)
    key = f"sb_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    now_ms = to_ms(_wall_clock())
    version = NewVersion(source=text, definition=definition, hash=definition_hash(definition))
    with backend.transaction() as unit:
        create_program(
            unit, program_id, version, created_at_ms=now_ms, test_clock_ms=to_ms(OPENING)
        )
        add_key(
            unit,
            ApiKey(
                program_id=program_id,
                id=key_id,
                name="demo",
                hash=hashlib.sha256(key.encode()).hexdigest(),
                scopes=("read", "write", "admin"),
                created_at_ms=now_ms,
            ),
        )
    return program_id, key


def _wall_clock() -> Instant:
    return datetime.now(UTC)  # noqa: TID251 - the demo is a user of the engine, not a part of it


def _start_receiver(stack: ExitStack, port: int, record: Path | None) -> None:
    arguments = ["-m", "stampbook.demo.receiver", str(port)]
    if record is not None:
        arguments.append(str(record))
    stack.enter_context(running(arguments, dict(os.environ), port, "/report"))


def _start_server(stack: ExitStack, port: int, url: str) -> None:
    environment: Mapping[str, str] = {
        **os.environ,
        "STAMPBOOK_DATABASE_URL": url,
        "STAMPBOOK_DELIVERY_ALLOW_PRIVATE": "true",  # the receiver is on loopback
        "STAMPBOOK_SECRETS_KEY": Fernet.generate_key().decode(),
    }
    arguments = ["-m", "stampbook.cli.main", "serve", "--host", HOST, "--port", str(port)]
    stack.enter_context(running(arguments, dict(environment), port, "/readyz"))


def _subscribe(client: Client, port: int) -> None:
    """Create an endpoint for each dialect that speaks, and tell the receiver its secret."""
    told: dict[str, str] = {}
    for name in dialects.catalogue():
        if spoken(name):
            url = f"http://{HOST}:{port}/hooks/{name}"
            body = {"url": url, "dialect": name, **WISHES.get(name, {})}
            told[name] = client.call("POST", "/v1/endpoints", body)["secret"]
    connection = http.client.HTTPConnection(HOST, port, timeout=REPORT_SECONDS)
    connection.request("PUT", "/secrets", body=msgspec.json.encode(told))
    connection.getresponse().read()
    connection.close()
