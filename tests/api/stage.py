"""A stage for the API: the real application over a real database, called in process."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from stampbook.api.app import create_app
from stampbook.api.desk import Parts
from stampbook.api.exchange import Message
from stampbook.api.openapi import problems_of
from stampbook.api.route import catalogue
from stampbook.api.site import Site
from stampbook.bootstrap import ids
from stampbook.core.definition import Definition
from stampbook.delivery.call import Policy, Request, Response
from stampbook.delivery.sample import send_once
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.delivery.sender import Sender
from stampbook.engine.clock import Clock, real_ms
from stampbook.engine.writer import Engine
from stampbook.program.parse import parse
from stampbook.program.version import definition_hash
from stampbook.store.admin import ApiKey, NewVersion, add_key, create_program
from stampbook.store.backend import Backend, open_backend
from stampbook.values.ids import ProgramId

PROGRAM = ProgramId("a" * 24)
OTHER_PROGRAM = ProgramId("b" * 24)
CLOCK_MS = 1_767_225_600_000
"""Where the test clock of OTHER_PROGRAM begins: 1 January 2026."""

TOML = """
[program]
name = "Roastery Rewards"
currency = "EUR"
time_zone = "Europe/Berlin"

[points.expiry]
days = 30

[[tiers.levels]]
id = "bean"
name = "Bean"
threshold = 0

[[tiers.levels]]
id = "gold"
name = "Gold"
threshold = 500

[[activities]]
id = "made_a_purchase"
name = "Made a purchase"
on = "order"
computation = { kind = "multiplier_based", attribute = "order_subtotal", multiplier = 2 }

[[activities.rules]]
name = "Coffee week"
effect = "add"
value = 5
conditions = [
  { attribute = "transaction.tags", operator = "contains_any", value = ["coffee-week"] },
]

[[activities]]
id = "review"
name = "Review"
computation = { kind = "fixed", points = 20 }

[[activities]]
id = "survey"
name = "Survey"
computation = { kind = "fixed", points = 30 }
approval = { method = "manual" }

[[rewards]]
id = "mug"
name = "Mug"
sub_type = "product"
points = 50
product_id = "mug-1"

[[rewards]]
id = "beans"
name = "Beans"
sub_type = "fixed_amount"
points = 5
value = 1
coupon = "pool"
"""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Client:
    """Calls the application; an answer that its document does not declare is an error."""

    def __init__(self, app: Site, runner: asyncio.Runner, key: str | None) -> None:
        self.app = app
        self.runner = runner
        self.key = key

    def with_key(self, key: str | None) -> "Client":
        return Client(self.app, self.runner, key)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return self.runner.run(self.ask(method, path, body, raw=raw, headers=headers))

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call it from within the loop."""
        content = raw if raw is not None else b"" if body is None else msgspec.json.encode(body)
        sent = {} if self.key is None else {"authorization": f"Bearer {self.key}"}
        sent |= {"content-type": "application/json"} if content else {}
        answer = await self._call(method, path, content, sent | dict(headers or {}))
        check_declared(method, path, answer)
        return answer

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        answer = self.call("POST", path, body)
        assert answer.status == status, answer
        return answer.json

    async def hang_up(self) -> Message:
        """Wait until the caller hangs up, which this one never does."""
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def _call(
        self, method: str, path: str, content: bytes, headers: Mapping[str, str]
    ) -> Answer:
        raw_path, _, query = path.encode().partition(b"?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        }
        # in two pieces, as a network may cut it
        middle = len(content) // 2
        pieces: list[Message] = [
            {"type": "http.request", "body": content[:middle], "more_body": True},
            {"type": "http.request", "body": content[middle:], "more_body": False},
        ]
        sent: list[Message] = []

        async def receive() -> Message:
            return pieces.pop(0) if pieces else await self.hang_up()

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start, body = sent
        texts = {name.decode(): text.decode() for name, text in start["headers"]}
        assert int(texts["content-length"]) == len(body["body"])
        return Answer(start["status"], texts, body["body"])


def check_declared(method: str, path: str, answer: Answer) -> None:
    """An answer of a route is its success, or a problem whose code the route declares."""
    segments = path.partition("?")[0].split("/")
    for route in (route for noun in catalogue() for route in noun.routes):
        pattern = route.path.split("/")
        fits = len(pattern) == len(segments) and all(
            part == segment or part.startswith("{")
            for part, segment in zip(pattern, segments, strict=True)
        )
        if fits and route.method == method:
            declared = problems_of(route)
            assert answer.status == route.status or answer.json["code"] in declared.get(
                answer.status, {}
            ), (route.operation, answer)


def send(request: Request) -> Response:
    """Send a request as a sandbox does, which may reach this machine."""
    policy = Policy(allow_private=True, certificates=None, user_agent="Stampbook")
    return send_once(Sender[str](policy), request)


@dataclass(frozen=True, slots=True)
class Stage:
    backend: Backend
    engine: Engine
    vault: Vault
    client: Client
    key: str

    def add_key(self, name: str, *scopes: str, program: ProgramId = PROGRAM) -> str:
        return add_test_key(self.backend, name, *scopes, program=program)


def add_test_key(backend: Backend, name: str, *scopes: str, program: ProgramId = PROGRAM) -> str:
    key = f"sb_{name}_{'s' * 32}"
    with backend.transaction() as unit:
        add_key(
            unit,
            ApiKey(
                program_id=program,
                id=name,
                name=name,
                hash=hashlib.sha256(key.encode()).hexdigest(),
                scopes=scopes,
                created_at_ms=CLOCK_MS,
            ),
        )
    return key


def definition(text: str = TOML) -> NewVersion:
    parsed = parse(text)
    assert isinstance(parsed, Definition), parsed
    return NewVersion(source=text, definition=parsed, hash=definition_hash(parsed))


@contextmanager
def open_stage(
    url: str, *, waiting_max: int = 64, read_clock: Callable[[], int] = real_ms
) -> Generator[Stage]:
    """Open the application with a program on real time and one on a test clock."""
    backend = open_backend(url)
    engine = Engine(backend, waiting_max=waiting_max, clock=Clock(read_clock))
    vault = Vault([new_master_key()])
    with backend.transaction() as unit:
        create_program(unit, PROGRAM, definition(), created_at_ms=CLOCK_MS)
        create_program(
            unit, OTHER_PROGRAM, definition(), created_at_ms=CLOCK_MS, test_clock_ms=CLOCK_MS
        )
    key = add_test_key(backend, "all", "read", "write", "admin")

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        yield

    parts = Parts(
        engine=engine,
        backend=backend,
        vault=vault,
        secret=Random(7).randbytes,
        new_id=ids(),
        send=send,
    )
    engine.start()
    try:
        with asyncio.Runner() as runner:
            app = create_app(parts, lifespan)
            yield Stage(backend, engine, vault, Client(app, runner, key), key)
    finally:
        engine.stop()
        backend.close()
