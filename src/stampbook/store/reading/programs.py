"""Programs and the versions of their definitions, as the API and the command line show them."""

from typing import Literal

from msgspec import Struct

from stampbook.store.backend import Row, Unit
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant, from_ms

SELECT = "SELECT id, name, clock, now_ms, target_ms, version, created_at_ms FROM program"


class ProgramLine(Struct, frozen=True, kw_only=True):
    """A program. `now` and `target`, where it is being moved to, are those of a test clock."""

    id: ProgramId
    name: str
    clock: Literal["real", "test"]
    now: Instant | None
    target: Instant | None
    version: int
    created_at: Instant


class VersionLine(Struct, frozen=True, kw_only=True):
    """A version of a definition; `source` is its text."""

    version: int
    hash: str
    created_at: Instant
    source: str


def programs(unit: Unit) -> list[ProgramLine]:
    """Give every program by id."""
    return [_program(row) for row in unit.rows(f"{SELECT} ORDER BY id")]


def find_program(unit: Unit, program_id: str) -> ProgramLine | None:
    """Give a program by its id."""
    rows = unit.rows(f"{SELECT} WHERE id = ?", (program_id,))
    return _program(rows[0]) if rows else None


def versions(unit: Unit, program_id: ProgramId) -> list[VersionLine]:
    """Give the versions of a program's definition, the newest first."""
    rows = unit.rows(
        "SELECT version, hash, created_at_ms, source FROM definition WHERE program_id = ? "
        "ORDER BY version DESC",
        (program_id,),
    )
    return [
        VersionLine(version=version, hash=digest, created_at=from_ms(created_at_ms), source=source)
        for version, digest, created_at_ms, source in rows
    ]


def _program(row: Row) -> ProgramLine:
    program_id, name, clock, now_ms, target_ms, version, created_at_ms = row
    return ProgramLine(
        id=program_id,
        name=name,
        clock=clock,
        now=None if now_ms is None else from_ms(now_ms),
        target=None if target_ms is None else from_ms(target_ms),
        version=version,
        created_at=from_ms(created_at_ms),
    )
