"""Administration: programs, their definitions and keys; the few writes that are not commands."""

from typing import Any

from msgspec import Struct

from stampbook.core.definition import Definition
from stampbook.store.backend import Row, Unit
from stampbook.values.ids import ProgramId
from stampbook.values.json import decode, encode_text

REVIEW = 0
"""A `due_at_ms` of members whose next due work must be worked out again."""


class NewVersion(Struct, frozen=True, kw_only=True):
    """A definition to be put in force: its text, what it means, and the hash of the text."""

    source: str
    definition: Definition
    hash: str


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key of the API; the key itself is known to its owner only, here is its hash."""

    program_id: ProgramId
    id: str
    name: str
    hash: str
    scopes: tuple[str, ...]
    created_at_ms: int
    revoked_at_ms: int | None = None


def create_program(
    unit: Unit,
    program_id: ProgramId,
    version: NewVersion,
    *,
    created_at_ms: int,
    test_clock_ms: int | None = None,
) -> None:
    """Create a program with the first version of its definition.

    Shapes: with `test_clock_ms` it lives on a test clock that begins there.
    Errors: BrokenError, unique, when the id is taken.
    """
    unit.run(
        "INSERT INTO program (id, name, clock, now_ms, version, created_at_ms) "
        "VALUES (?, ?, ?, ?, 1, ?)",
        (
            program_id,
            version.definition.name,
            "real" if test_clock_ms is None else "test",
            test_clock_ms,
            created_at_ms if test_clock_ms is None else test_clock_ms,
        ),
    )
    at = created_at_ms if test_clock_ms is None else test_clock_ms
    _insert_version(unit, program_id, 1, version, at)


def add_version(
    unit: Unit, program_id: ProgramId, version: NewVersion, *, expected: int, created_at_ms: int
) -> int | None:
    """Put a new version in force and give its number; None when `expected` is not the present one.

    Shapes: `created_at_ms` is the program's time. Where the new version lets other work fall due,
    every member is marked to be looked at again.
    """
    changed = unit.run(
        "UPDATE program SET version = version + 1, name = ? WHERE id = ? AND version = ?",
        (version.definition.name, program_id, expected),
    )
    if not changed:
        return None
    [(body,)] = unit.rows(
        "SELECT body FROM definition WHERE program_id = ? AND version = ?", (program_id, expected)
    )
    _insert_version(unit, program_id, expected + 1, version, created_at_ms)
    if _due_rules(decode(body, Definition)) != _due_rules(version.definition):
        unit.run(
            "UPDATE member SET due_at_ms = ? WHERE program_id = ? AND status <> 'deleted'",
            (REVIEW, program_id),
        )
    return expected + 1


def _due_rules(definition: Definition) -> tuple[Any, ...]:
    """Give all that work due in the future is worked out from, the member's own records apart."""
    tiers = definition.tiers
    has_tiers = bool(tiers.levels)
    celebrations = tuple((one.id, one.on) for one in definition.celebrations)
    growth = (definition.winback, definition.reminders, celebrations)
    return definition.points.inactivity_days, definition.time_zone, tiers.period, has_tiers, growth


def _insert_version(
    unit: Unit, program_id: ProgramId, number: int, version: NewVersion, created_at_ms: int
) -> None:
    unit.run(
        "INSERT INTO definition (program_id, version, source, body, hash, created_at_ms) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            program_id,
            number,
            version.source,
            encode_text(version.definition),
            version.hash,
            created_at_ms,
        ),
    )


def add_key(unit: Unit, key: ApiKey) -> None:
    """Store a key of the API."""
    unit.run(
        "INSERT INTO api_key (program_id, id, name, hash, scopes, created_at_ms) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (key.program_id, key.id, key.name, key.hash, encode_text(key.scopes), key.created_at_ms),
    )


def find_key(unit: Unit, key_hash: str) -> ApiKey | None:
    """Give the key with a hash, unless it was revoked."""
    found = unit.rows(f"{KEYS} WHERE hash = ? AND revoked_at_ms IS NULL", (key_hash,))
    return _key(found[0]) if found else None


def keys(unit: Unit, program_id: ProgramId) -> list[ApiKey]:
    """Give all keys of a program, oldest first; revoked ones too."""
    return [
        _key(row) for row in unit.rows(f"{KEYS} WHERE program_id = ? ORDER BY id", (program_id,))
    ]


def revoke_key(unit: Unit, program_id: ProgramId, key_id: str, *, at_ms: int) -> bool:
    """Revoke a key; False when there is none to revoke."""
    changed = unit.run(
        "UPDATE api_key SET revoked_at_ms = ? "
        "WHERE program_id = ? AND id = ? AND revoked_at_ms IS NULL",
        (at_ms, program_id, key_id),
    )
    return changed > 0


KEYS = "SELECT program_id, id, name, hash, scopes, created_at_ms, revoked_at_ms FROM api_key"


def _key(row: Row) -> ApiKey:
    program_id, key_id, name, key_hash, scopes, created_at_ms, revoked_at_ms = row
    return ApiKey(
        program_id=program_id,
        id=key_id,
        name=name,
        hash=key_hash,
        scopes=tuple(decode(scopes, list[str])),
        created_at_ms=created_at_ms,
        revoked_at_ms=revoked_at_ms,
    )
