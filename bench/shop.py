"""The shop that is measured: a program with rules, its members, a subscriber, and awards."""

import hashlib
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.core.definition import Definition
from stampbook.engine.submission import Done, Outcome, Submission
from stampbook.engine.writer import Engine
from stampbook.program.parse import parse
from stampbook.store.admin import ApiKey, NewVersion, add_key, create_program
from stampbook.store.backend import Unit, open_backend
from stampbook.store.migrate import migrate
from stampbook.values.ids import ProgramId
from stampbook.values.json import encode_text

PROGRAM = ProgramId("b" * 24)
TOKEN = "sb_bench_" + "k" * 32
PROGRAM_TEXT = (Path(__file__).parent / "shop.toml").read_text(encoding="utf-8")
SEED, HISTORY_SEED = 20_261, 20_262
IN_FLIGHT_MAX = 512

COUNTRIES = ("DE", "AT", "CH", "FR", "NL")
TAGS = (("new",), ("sale",), ("preview", "gift"), ())


def stock(url: str, members: int, *, history: int = 0, listens: bool) -> None:
    """Put a program with its members into an empty database.

    Shapes: `history` is how many awards there were; `listens` adds a subscriber to everything.
    PostgreSQL then knows its tables, as it does a minute after they have grown.
    """
    migrate(url)
    backend = open_backend(url)
    now_ms = time.time_ns() // 1_000_000
    with backend.transaction() as unit:
        create_program(unit, PROGRAM, _version(), created_at_ms=now_ms)
        key_hash = hashlib.sha256(TOKEN.encode()).hexdigest()
        key = ApiKey(
            program_id=PROGRAM,
            id="c" * 24,
            name="bench",
            hash=key_hash,
            scopes=("read", "write"),
            created_at_ms=now_ms,
        )
        add_key(unit, key)
        if listens:
            _subscribe(unit, now_ms)
    engine = Engine(backend)
    engine.start()
    submit_all(engine, profiles(members))
    submit_all(engine, awards(award_bodies(members, history, seed=HISTORY_SEED)))
    engine.stop()
    backend.close()
    if url.startswith("postgresql:"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")


def _version() -> NewVersion:
    definition = parse(PROGRAM_TEXT)
    assert isinstance(definition, Definition), definition
    digest = hashlib.sha256(PROGRAM_TEXT.encode()).hexdigest()
    return NewVersion(source=PROGRAM_TEXT, definition=definition, hash=digest)


def _subscribe(unit: Unit, now_ms: int) -> None:
    unit.insert(
        "endpoint",
        (
            "program_id", "id", "url", "dialect", "event_types", "secrets", "batch_size",
            "status", "created_at_ms", "updated_at_ms", "description",
        ),
        [(
            PROGRAM, "e" * 24, "https://nobody.example/", "native", encode_text([]), "", 100,
            "active", now_ms, now_ms, "",
        )],
    )  # fmt: skip


def submit_all(engine: Engine, commands: Iterable[Command]) -> None:
    """Submit commands, a bounded number at once, and see each of them done."""
    rest = iter(commands)
    while some := list(islice(rest, IN_FLIGHT_MAX)):
        for waiter in [engine.submit(submission(each)) for each in some]:
            expect_done(waiter)


def expect_done(waiter: "Future[Outcome]") -> None:
    """Wait for an outcome that must be good."""
    outcome = waiter.result()
    assert isinstance(outcome, Done), outcome


def submission(command: Command) -> Submission:
    """Give a submission without an idempotency key."""
    return Submission(program_id=PROGRAM, command=command, principal="bench", cause="f" * 24)


def profiles(members: int) -> Iterator[EnrollMember]:
    """Give members with profiles of an ordinary size."""
    for number in range(1, members + 1):
        yield msgspec.convert(
            {
                "member_id": member_id(number),
                "first_name": "Robin",
                "last_name": f"Customer {number}",
                "email_address": f"customer-{number}@customers.example",
                "phone_number": f"+49301{number:07d}",
                "address": {
                    "line1": f"{number} Market Street",
                    "city": "Berlin",
                    "postal_code": "10115",
                    "country": COUNTRIES[number % len(COUNTRIES)],
                },
                "tags": ["newsletter"],
                "preferred_language": "de",
                "custom_attributes": {"favourite_shop": "Mitte", "shoe_size": 42},
            },
            EnrollMember,
        )


def member_id(number: int) -> str:
    """Give the shop's own key of a member; numbers count from 1."""
    return f"member-{number}"


def award_bodies(members: int, count: int, *, seed: int = SEED) -> list[dict[str, Any]]:
    """Give awards for random members, the same each time."""
    choose = random.Random(seed)
    return [
        {
            "member_id": member_id(choose.randint(1, members)),
            "activity_id": "visit",
            "transaction_attributes": {
                "amount": choose.randint(500, 20_000) / 100,
                "currency": "EUR",
                "shop": "Berlin Mitte",
                "receipt": f"r-{number:08d}",
                "tags": choose.choice(TAGS),
                "reason": "Bought in a shop",
            },
        }
        for number in range(count)
    ]


def awards(bodies: Sequence[dict[str, Any]]) -> list[AwardPoints]:
    """Give bodies as commands."""
    return [msgspec.convert(body, AwardPoints) for body in bodies]
