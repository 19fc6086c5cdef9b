"""Programs: definitions are read once for each version, because a version never changes."""

from collections.abc import Callable
from itertools import pairwise
from operator import attrgetter
from threading import Lock
from typing import Any

from msgspec import Struct

from stampbook.core.campaign_history import DefinitionVersion, histories
from stampbook.core.definition import Definition
from stampbook.core.draft import Program
from stampbook.store.backend import Unit
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import decode

VERSIONS_KEPT = 1000
"""Definitions held in memory, of all programs together; the oldest go first."""


class Version(Struct, frozen=True, kw_only=True):
    """One version of a definition, and when it came."""

    definition: Definition
    created_at: Instant


class Programs:
    """The definitions that this process has read. Safe for threads."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, int], Version] = {}
        self._programs: dict[tuple[str, int], Program] = {}
        self._lock = Lock()

    def program(self, unit: Unit, program_id: ProgramId, version: int) -> Program:
        """Give a program as a version defines it."""
        program = self._programs.get((program_id, version))
        if program is None:
            program = self._read(unit, program_id, version)
            self._keep(self._programs, (program_id, version), program)
        return program

    def present(self, unit: Unit, program_id: ProgramId) -> Program:
        """Give a program as the version in force defines it."""
        [(version,)] = unit.rows("SELECT version FROM program WHERE id = ?", (program_id,))
        return self.program(unit, program_id, version)

    def definition(self, unit: Unit, program_id: ProgramId, version: int) -> Definition:
        """Give one version of a program's definition."""
        return self.version(unit, program_id, version).definition

    def _read(self, unit: Unit, program_id: ProgramId, version: int) -> Program:
        [(created_at_ms,)] = unit.rows(
            "SELECT created_at_ms FROM program WHERE id = ?", (program_id,)
        )
        versions = [self.version(unit, program_id, each) for each in range(1, version + 1)]
        return defined_by(versions, program_id, from_ms(created_at_ms))

    def version(self, unit: Unit, program_id: ProgramId, version: int) -> Version:
        """Give one version of a program's definition, and when it came."""
        found = self._versions.get((program_id, version))
        if found is None:
            [(body, created_at_ms)] = unit.rows(
                "SELECT body, created_at_ms FROM definition WHERE program_id = ? AND version = ?",
                (program_id, version),
            )
            found = Version(definition=decode(body, Definition), created_at=from_ms(created_at_ms))
            self._keep(self._versions, (program_id, version), found)
        return found

    def _keep(self, kept: dict[tuple[str, int], Any], key: tuple[str, int], value: Any) -> None:
        with self._lock:
            while len(kept) >= VERSIONS_KEPT:
                del kept[next(iter(kept))]
            kept[key] = value


def defined_by(versions: list[Version], program_id: ProgramId, created_at: Instant) -> Program:
    """Give a program as the last of its versions defines it; the first of them comes first."""
    return Program(
        id=program_id,
        created_at=created_at,
        version=len(versions),
        definition=versions[-1].definition,
        reward_dates=_dates(versions, attrgetter("reward_by_id")),
        activity_dates=_dates(versions, attrgetter("activity_by_id")),
        changed_at=_changes(versions),
        campaigns=histories(
            DefinitionVersion(number, each.created_at, each.definition)
            for number, each in enumerate(versions, start=1)
        ),
    )


def _dates(
    versions: list[Version], by_id: Callable[[Definition], dict[str, Any]]
) -> dict[str, tuple[Instant, Instant]]:
    """Give when each reward or activity was first defined and last changed."""
    dates: dict[str, tuple[Instant, Instant]] = {}
    before: dict[str, Any] = {}
    for version in versions:
        items = by_id(version.definition)
        for key, item in items.items():
            if before.get(key) != item:
                first = dates[key][0] if key in dates else version.created_at
                dates[key] = (first, version.created_at)
        before = items
    return dates


def _changes(versions: list[Version]) -> dict[str, Instant]:
    """Give when each part of the definition last changed."""
    changed = dict.fromkeys(Definition.__struct_fields__, versions[0].created_at)
    for before, after in pairwise(versions):
        for part in changed:
            if getattr(before.definition, part) != getattr(after.definition, part):
                changed[part] = after.created_at
    return changed
