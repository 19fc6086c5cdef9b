"""Nothing that lets somebody in is found in the database, the logs or an answer of the API.

Secrets are planted in every place that takes one, used in earnest, and then looked for as bytes.
"""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.store.admin import create_program
from stampbook.store.backend import Backend, Unit, open_backend
from stampbook.values.signatures import private_key_of, secret_of
from tests.api.stage import add_test_key, definition
from tests.cli.test_serve import free_port
from tests.delivery.identities import identity
from tests.delivery.sink import Sink, running_sink
from tests.e2e.shop import PROGRAM

COMMAND = [sys.executable, "-m", "stampbook.cli.main"]
START_SECONDS = 30
ARRIVAL_SECONDS = 30
STOP_SECONDS = 20

SHOP = identity("shop")
OWN = secret_of(b"planted: an owner's own secret..")
OWN_PRIVATE = private_key_of(b"planted: an owner's private key.")
BASIC = {"user": "shop", "password": "planted-password"}
GRANT = {
    "token_url": "http://127.0.0.1:9/token",
    "client_id": "shop",
    "client_secret": "planted-client-secret",
}
PAIR = base64.b64encode(b"shop:planted-password").decode()
PLANTED = {
    "a header": "planted-header",
    "a password": BASIC["password"],
    "a login": PAIR,
    "a client's secret": GRANT["client_secret"],
    "a key of a certificate": SHOP.key.splitlines()[1],
    "an owner's secret": OWN.removeprefix("whsec_"),
    "an owner's private key": OWN_PRIVATE.removeprefix("whsk_")[:40],
    "a broker's password": "planted-broker-password",
    "what was refused": "planted-and-refused",
}


@dataclass
class Api:
    """The API of a server in a process of its own, and everything that it answered."""

    port: int
    key: str
    answers: list[bytes] = field(default_factory=list[bytes])
    told: list[str] = field(default_factory=list[str])
    """Secrets that were shown, once each."""

    def call(self, method: str, path: str, body: object = None, key: str | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        if key is not None:
            headers["idempotency-key"] = key
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, headers)
            raw = connection.getresponse().read()
        finally:
            connection.close()
        answer = json.loads(raw)
        if answer.get("secret") is not None:
            self.told.append(answer["secret"].removeprefix("whsec_"))
            raw = raw.replace(answer["secret"].encode(), b"")
        self.answers.append(raw)
        return answer


def environment(database: str, master_key: str) -> dict[str, str]:
    return {
        **os.environ,
        "STAMPBOOK_DATABASE_URL": database,
        "STAMPBOOK_SECRETS_KEY": master_key,
        "STAMPBOOK_DELIVERY_ALLOW_PRIVATE": "true",
        "STAMPBOOK_DELIVERY_DESTINATIONS": "nats",
        "STAMPBOOK_LOG_LEVEL": "debug",
    }


@contextmanager
def served(database: str, port: int, log: Path, master_key: str) -> Generator[None]:
    """Run a server until the block ends; everything that it prints goes to the log."""
    arguments = [*COMMAND, "serve", "--port", str(port)]
    with log.open("wb") as printed:
        process = subprocess.Popen(
            arguments, env=environment(database, master_key), stdout=printed, stderr=printed
        )
        try:
            _wait_for(port, process)
            yield
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait(STOP_SECONDS)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            connection.getresponse().read()
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()


def create_program_and_key(backend: Backend) -> str:
    with backend.transaction() as unit:
        create_program(unit, PROGRAM, definition(), created_at_ms=1)
    return add_test_key(backend, "owner", "read", "write", "admin", program=PROGRAM)


def plant(api: Api, sink: Sink) -> None:
    """Give a secret wherever one is taken, refused or not, and have facts sent with them."""
    endpoints = [
        {"url": sink.url("/login"), "secret": OWN, "access": {"basic": BASIC}},
        {
            "url": sink.url("/fails"),
            "dialect": "zinrelo",
            "signature": "v1a",
            "secret": OWN_PRIVATE,
            "access": {"headers": {"X-Key": PLANTED["a header"]}},
            "conduct": {"retry_delays_seconds": [1]},
        },
        {"url": sink.url("/token"), "access": {"oauth": GRANT}},
        {
            "url": "https://127.0.0.1:9/",
            "access": {"client_certificate": {"chain": SHOP.chain, "key": SHOP.key}},
        },
        {"url": "nats://shop:planted-broker-password@127.0.0.1:9/facts"},
    ]
    made = [
        api.call("POST", "/v1/endpoints", body, f"make-{n}") for n, body in enumerate(endpoints)
    ]
    for number, body in enumerate(endpoints):
        api.call("POST", "/v1/endpoints", body, f"make-{number}")  # answered from what is kept
    paths = [f"/v1/endpoints/{answer['endpoint']['id']}" for answer in made]
    refused = PLANTED["what was refused"]
    for number, body in enumerate(
        [
            {"access": {"headers": {"Host": refused}}},
            {"access": {"headers": {"X-Key": f"{refused}\r\n"}}},
            {"access": {"basic": {"user": "a:b", "password": refused}}},
            {"access": {"client_certificate": {"chain": refused, "key": refused}}},
            {"access": {"client_certificate": {"chain": SHOP.chain, "key": refused}}},
            {"access": {"basic": BASIC, "oauth": {**GRANT, "client_secret": refused}}},
            {"access": refused},
            {"secret": refused},
            {"url": f"https://shop:{refused}@shop.example/"},
            {"url": f"nats://shop:{refused}@127.0.0.1:port/facts"},
            {"url": f"kafka://shop:{refused}@127.0.0.1:9/facts"},
        ]
    ):
        api.call("PATCH", paths[0], body, f"refuse-{number}")
        api.call("POST", "/v1/endpoints", {"url": sink.url("/new"), **body}, f"refuse-new-{number}")
    api.call("POST", f"{paths[0]}/rotate-secret", {"secret": f"whsec_{refused}"}, "refuse-rotation")
    api.call("POST", f"{paths[0]}/rotate-secret", {}, "rotate")
    api.call("POST", f"{paths[0]}/rotate-secret", {}, "rotate")
    api.call("POST", "/v1/members", {"member_id": "m-1", "email_address": "m@shop.example"})


def spoil(unit: Unit) -> None:
    """Seal an endpoint's secrets with a key that the server was not given: its log says why."""
    sealed = Vault([new_master_key()]).seal([OWN])
    row = unit.rows("SELECT id FROM endpoint ORDER BY id DESC LIMIT 1")[0]
    unit.run("UPDATE endpoint SET secrets = ? WHERE id = ?", (sealed, *row))


def database_bytes(url: str, backend: Backend) -> Iterator[tuple[str, bytes]]:
    """Give every byte that the database has written, and every row as it is read."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            yield file.name, file.read_bytes()
        return
    with backend.read() as unit:
        [(folder,)] = unit.rows("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
        [(oid,)] = unit.rows("SELECT oid FROM pg_database WHERE datname = current_database()")
        tables = unit.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            rows = unit.rows(f"SELECT t::text FROM {table} t")
            yield table, "\n".join(row[0] for row in rows).encode()
    for file in [*Path(folder, "base", str(oid)).iterdir(), *Path(folder, "pg_wal").glob("0*")]:
        yield file.name, file.read_bytes()


def printed_by(database: str, master_key: str, *arguments: str) -> bytes:
    """Give what a command prints."""
    ran = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(database, master_key),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    return ran.stdout


def test_what_lets_somebody_in_is_found_nowhere(database_url: str, tmp_path: Path) -> None:
    master_key, log = new_master_key(), tmp_path / "log"
    backend = open_backend(database_url)
    api = Api(free_port(), create_program_and_key(backend))
    with running_sink() as sink:
        sink.modes["/fails"] = "fail"
        with served(database_url, api.port, log, master_key):
            plant(api, sink)
            arrived = waited_for(sink)
            with backend.transaction() as unit:
                spoil(unit)
            api.call("POST", "/v1/members", {"member_id": "m-2"})
            wait_until(lambda: b"not_prepared" in log.read_bytes())
            endpoints = api.call("GET", "/v1/endpoints")["items"]
            for endpoint in endpoints:
                path = f"/v1/endpoints/{endpoint['id']}"
                api.call("GET", path)
                for delivery in api.call("GET", f"{path}/deliveries")["items"]:
                    api.call("GET", f"/v1/deliveries/{delivery['id']}")
            api.call("GET", "/v1/facts")
    assert arrived["/login"]["authorization"] == f"Basic {PAIR}"
    assert arrived["/fails"]["x-key"] == PLANTED["a header"]
    assert len(api.told) >= 4

    shown = [("list",), *(("show", endpoint["id"]) for endpoint in endpoints)]
    printed = [printed_by(database_url, master_key, "endpoint", *words) for words in shown]
    places = {
        "the log": log.read_bytes(),
        "the answers": b"\n".join(api.answers),
        "the command line": b"".join(printed),
        **dict(database_bytes(database_url, backend)),
    }
    backend.close()
    assert sum(b"m@shop.example" in content for content in places.values()) > 1  # it can be found
    wanted = PLANTED | {f"told {number}": secret for number, secret in enumerate(api.told)}
    found = [
        (place, name)
        for place, content in places.items()
        for name, secret in wanted.items()
        if secret.encode() in content
    ]
    assert found == []
    assert b"planted" not in b"".join(places.values())


def waited_for(sink: Sink) -> Mapping[str, Mapping[str, str]]:
    wait_until(lambda: {one.path for one in sink.received} >= {"/login", "/fails"})
    return {one.path: one.headers for one in sink.received}


def wait_until(holds: Any) -> None:
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
