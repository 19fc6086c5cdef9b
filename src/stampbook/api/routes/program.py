"""Programs: what a program does is said by its definition, of which every version is kept."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from stampbook.api.desk import Desk
from stampbook.api.present import Present
from stampbook.api.problem import DEFINITION_INVALID, PROGRAM_NOT_FOUND, VERSION_STALE, ProblemError
from stampbook.api.route import Answer, Write
from stampbook.core.definition import Definition
from stampbook.program.diff import Change, difference
from stampbook.program.parse import TEXT_MAX, parse
from stampbook.program.problems import Problem
from stampbook.program.version import definition_hash
from stampbook.store.admin import NewVersion, add_version
from stampbook.store.backend import Unit
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant, from_ms, to_ms

NAMED = "SELECT name, clock, created_at_ms FROM program WHERE id = ?"
SOURCE = "SELECT source, hash, created_at_ms FROM definition WHERE program_id = ? AND version = ?"

SOURCE_BYTES_MAX = 16 * 1024 * 1024
"""Of a body: JSON may spell each of TEXT_MAX characters in twelve bytes."""

Source = Annotated[str, Meta(max_length=TEXT_MAX)]


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is asked: the key says which program."""


class OneProgram(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program by its id."""

    program_id: ProgramId


class ProgramInfo(Struct, frozen=True, kw_only=True):
    """A program, its clock, and the version of its definition that is in force."""

    id: ProgramId
    name: str
    currency: str
    time_zone: str
    clock: Literal["real", "test"]
    now: Instant
    version: int
    created_at: Instant


class Programs(Struct, frozen=True, kw_only=True):
    """The programs that the key sees."""

    programs: tuple[ProgramInfo, ...]


class ProgramDefinition(Struct, frozen=True, kw_only=True):
    """The definition in force: its text in TOML, and what that means."""

    version: int
    toml: str
    hash: str
    created_at: Instant
    definition: Definition


class PlanDefinition(OneProgram, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition to compare with the one in force; nothing is changed."""

    toml: Source


class DefinitionPlan(Struct, frozen=True, kw_only=True):
    """What a definition would change, or all that is wrong with it.

    Shapes: with problems there are no changes.
    """

    version: int
    """The version in force that it was compared with."""
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]


class ApplyDefinition(OneProgram, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition to be put in force."""

    toml: Source
    expected_version: Annotated[int, Meta(ge=1)]
    """The version that it was planned against."""


class Planned(Struct, frozen=True, kw_only=True):
    """A definition that was read, and the version that it was planned against."""

    version: NewVersion
    expected: int


class DefinitionApplied(Struct, frozen=True, kw_only=True):
    """The version now in force; the same as before when nothing changed."""

    version: int
    changes: tuple[Change, ...]


def list_programs(desk: Desk, asked: Nothing) -> Programs:
    """Give the programs that the key sees."""
    del asked
    with desk.present() as present:
        return Programs(programs=(_info(present),))


def read_program(desk: Desk, asked: OneProgram) -> ProgramInfo:
    """Give one program."""
    with desk.present() as present:
        _check(desk, asked)
        return _info(present)


def read_definition(desk: Desk, asked: OneProgram) -> ProgramDefinition:
    """Give the definition in force."""
    with desk.present() as present:
        _check(desk, asked)
        key = (present.program_id, present.version)
        [(source, text_hash, created_at_ms)] = present.unit.rows(SOURCE, key)
        return ProgramDefinition(
            version=present.version,
            toml=source,
            hash=text_hash,
            created_at=from_ms(created_at_ms),
            definition=present.program.definition,
        )


def plan_definition(desk: Desk, asked: PlanDefinition) -> DefinitionPlan:
    """Say what a definition would change."""
    _check(desk, asked)
    read = parse(asked.toml)
    with desk.present() as present:
        if not isinstance(read, Definition):
            return DefinitionPlan(version=present.version, changes=(), problems=read)
        changes = difference(present.program.definition, read)
        return DefinitionPlan(version=present.version, changes=changes, problems=())


def check_definition(desk: Desk, asked: ApplyDefinition) -> Planned:
    """Read the definition, which takes too long for a transaction."""
    _check(desk, asked)
    read = parse(asked.toml)
    if not isinstance(read, Definition):
        raise ProblemError(DEFINITION_INVALID, str(read[0]), field="/toml")
    version = NewVersion(source=asked.toml, definition=read, hash=definition_hash(read))
    return Planned(version=version, expected=asked.expected_version)


def apply_definition(desk: Desk, unit: Unit, planned: Planned) -> DefinitionApplied:
    """Put a definition in force, unless another one came meanwhile."""
    present = desk.present_in(unit)
    if present.version != planned.expected:
        raise ProblemError(VERSION_STALE, f"Version {present.version} is in force.")
    changes = difference(present.program.definition, planned.version.definition)
    if not changes:
        return DefinitionApplied(version=present.version, changes=())
    number = add_version(
        unit,
        desk.program_id,
        planned.version,
        expected=planned.expected,
        created_at_ms=to_ms(present.now),
    )
    if number is None:
        raise ProblemError(VERSION_STALE)
    return DefinitionApplied(version=number, changes=changes)


def _check(desk: Desk, asked: OneProgram) -> None:
    """A key sees its own program and does not learn of any other."""
    if asked.program_id != desk.program_id:
        raise ProblemError(PROGRAM_NOT_FOUND)


def _info(present: Present) -> ProgramInfo:
    definition = present.program.definition
    [(name, clock, created_at_ms)] = present.unit.rows(NAMED, (present.program_id,))
    return ProgramInfo(
        id=present.program_id,
        name=name,
        currency=definition.currency,
        time_zone=definition.time_zone,
        clock=clock,
        now=present.now,
        version=present.version,
        created_at=from_ms(created_at_ms),
    )


ROUTES = (
    Answer(
        method="GET",
        path="/v1/programs",
        summary="List the programs of the key",
        scope="read",
        asks=Nothing,
        gives=Programs,
        answers=list_programs,
    ),
    Answer(
        method="GET",
        path="/v1/programs/{program_id}",
        summary="Read a program",
        scope="read",
        asks=OneProgram,
        gives=ProgramInfo,
        refuses=(PROGRAM_NOT_FOUND,),
        answers=read_program,
    ),
    Answer(
        method="GET",
        path="/v1/programs/{program_id}/definition",
        summary="Read the definition in force",
        scope="read",
        asks=OneProgram,
        gives=ProgramDefinition,
        refuses=(PROGRAM_NOT_FOUND,),
        answers=read_definition,
    ),
    Answer(
        method="POST",
        path="/v1/programs/{program_id}/definition/plan",
        summary="See what a definition would change",
        scope="read",
        asks=PlanDefinition,
        gives=DefinitionPlan,
        body_bytes_max=SOURCE_BYTES_MAX,
        refuses=(PROGRAM_NOT_FOUND,),
        answers=plan_definition,
        example={"toml": '[program]\nname = "Roastery Rewards"\ncurrency = "EUR"\n'},
    ),
    Write(
        method="PUT",
        path="/v1/programs/{program_id}/definition",
        summary="Put a definition in force",
        scope="admin",
        asks=ApplyDefinition,
        gives=DefinitionApplied,
        body_bytes_max=SOURCE_BYTES_MAX,
        refuses=(PROGRAM_NOT_FOUND, DEFINITION_INVALID, VERSION_STALE),
        prepares=check_definition,
        writes=apply_definition,
        example={
            "toml": '[program]\nname = "Roastery Rewards"\ncurrency = "EUR"\n',
            "expected_version": 3,
        },
    ),
)
