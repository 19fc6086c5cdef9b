"""A stage for delivery: a real database, a real receiver, a clock that is moved by hand."""

import random
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stampbook.core.definition import Definition
from stampbook.core.delivery import Ordering
from stampbook.core.health import Health
from stampbook.core.lease import EndpointKey, order_key_of
from stampbook.delivery.call import Policy
from stampbook.delivery.secrets import Vault, new_secret
from stampbook.delivery.sender import Sender
from stampbook.delivery.worker import Sent, Worker, World
from stampbook.dialects import example_of
from stampbook.facts import catalogue
from stampbook.store.backend import Backend, Row, open_backend
from stampbook.store.deliveries import Deliveries
from stampbook.store.endpoints import Endpoint, add_endpoint
from stampbook.store.lanes import read_lane
from stampbook.store.migrate import migrate
from stampbook.values.ids import CommandIds, EndpointId, FactId, ProgramId
from stampbook.values.instants import from_ms, to_ms
from stampbook.values.json import encode_text
from tests.delivery.sink import Sink, running_sink

PROGRAM = ProgramId("a" * 24)
DRAIN_SECONDS = 60


@dataclass(slots=True)
class Clock:
    """The wall clock of a worker, moved by hand."""

    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    def __call__(self) -> int:
        return self.now_ms


@dataclass(slots=True)
class Stage:
    backend: Backend
    sink: Sink
    vault: Vault
    clock: Clock
    ids: CommandIds
    secret: str
    position: int = 0

    def queue(self) -> Deliveries:
        return Deliveries(self.backend, self.new_id)

    def new_id(self) -> str:
        return self.ids.take(self.clock())

    def worker(self) -> Worker:
        policy = Policy(
            allow_private=True,
            certificates=None,
            user_agent="Stampbook",
        )
        return Worker(
            queue=self.queue(),
            sender=Sender[Sent](policy),
            vault=self.vault,
            world=World(now_ms=self.clock, fraction=random.Random(7).random),
        )

    def drain(self) -> bool:
        worker = self.worker()
        drained = worker.drain(DRAIN_SECONDS)
        worker.close()
        return drained

    def endpoint(self, path: str, *, url: str | None = None, **wishes: Any) -> EndpointKey:
        """Add an endpoint; `wishes` are fields of Endpoint."""
        key = EndpointKey(PROGRAM, EndpointId(self.new_id()))
        now = from_ms(self.clock())
        fields: dict[str, Any] = {
            "dialect": "native",
            "event_types": (),
            "batch_size": 100,
            "status": "active",
            "description": "",
            "secrets": self.vault.seal([self.secret]),
            **wishes,
        }
        endpoint = Endpoint(
            id=key.endpoint_id,
            url=url or self.sink.url(path),
            created_at=now,
            updated_at=now,
            **fields,
        )
        with self.backend.transaction() as unit:
            add_endpoint(unit, PROGRAM, endpoint, self.clock())
        return key

    def define(self, definition: Definition, version: int, at_ms: int) -> None:
        """Store a version of the program's definition."""
        with self.backend.transaction() as unit:
            unit.run(
                "INSERT INTO definition (program_id, version, source, body, hash, created_at_ms)"
                " VALUES (?, ?, '', ?, '', ?)",
                (PROGRAM, version, encode_text(definition), at_ms),
            )

    def deliver(
        self,
        endpoint: EndpointKey,
        count: int = 1,
        *,
        fact_type: str = "points.earned",
        cause: str = "cause-1",
        member: str = "m" * 24,
        ordering: Ordering = "none",
        wait_ms: int = 0,
    ) -> list[str]:
        """Store facts with a delivery each, due now; give the ids of the facts in order."""
        now_ms = self.clock()
        fact_ids = [self.new_id() for _ in range(count)]
        facts: list[Row] = []
        deliveries: list[Row] = []
        for fact_id in fact_ids:
            self.position += 1
            example = example_of(catalogue()[fact_type], FactId(fact_id))
            facts.append((
                PROGRAM, fact_id, self.position, fact_type, member, self.position,
                to_ms(example.occurred_at), now_ms, cause, 1, example.body,
            ))  # fmt: skip
            deliveries.append((
                PROGRAM, self.new_id(), endpoint.endpoint_id, fact_id, fact_type, cause,
                self.position, "pending", now_ms + wait_ms, 0, order_key_of(ordering, member),
            ))  # fmt: skip
        with self.backend.transaction() as unit:
            unit.insert(
                "fact",
                (
                    "program_id", "id", "position", "type", "member", "sequence",
                    "occurred_at_ms", "recorded_at_ms", "cause", "deliveries", "body",
                ),
                facts,
            )  # fmt: skip
            unit.insert(
                "delivery",
                (
                    "program_id", "id", "endpoint_id", "fact_id", "fact_type", "cause",
                    "position", "status", "due_at_ms", "attempts", "order_key",
                ),
                deliveries,
            )  # fmt: skip
        return fact_ids

    def statuses(self, endpoint: EndpointKey) -> list[str]:
        return [str(row[0]) for row in self.deliveries(endpoint, "status")]

    def deliveries(self, endpoint: EndpointKey, columns: str) -> list[tuple[object, ...]]:
        sql = f"SELECT {columns} FROM delivery WHERE program_id = ? AND endpoint_id = ?"
        with self.backend.read() as unit:
            return unit.rows(f"{sql} ORDER BY position", endpoint)

    def attempts(self, endpoint: EndpointKey, columns: str) -> list[tuple[object, ...]]:
        sql = f"SELECT {columns} FROM attempt WHERE program_id = ? AND endpoint_id = ?"
        with self.backend.read() as unit:
            return unit.rows(f"{sql} ORDER BY request_id, number, id", endpoint)

    def endpoint_status(self, endpoint: EndpointKey) -> str:
        with self.backend.read() as unit:
            sql = "SELECT status FROM endpoint WHERE program_id = ? AND id = ?"
            return unit.rows(sql, endpoint)[0][0]

    def health(self, endpoint: EndpointKey) -> Health:
        with self.backend.read() as unit:
            return read_lane(unit, endpoint).health


@contextmanager
def staged(database_url: str, master_key: str, secret: str) -> Generator[Stage]:
    """Open a stage on an empty database."""
    migrate(database_url)
    backend = open_backend(database_url)
    clock = Clock()
    with running_sink() as sink:
        stage = Stage(backend, sink, Vault([master_key]), clock, CommandIds(1), secret)
        with backend.transaction() as unit:
            unit.run(
                "INSERT INTO program (id, name, clock, version, created_at_ms)"
                " VALUES (?, 'Shop', 'real', 1, ?)",
                (PROGRAM, clock()),
            )
        yield stage
    backend.close()


def a_secret() -> str:
    return new_secret(random.Random(3).randbytes)
