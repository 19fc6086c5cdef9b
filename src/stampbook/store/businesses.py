"""Businesses: who speaks in a webhook, as the definition named them when its facts happened.

A request that is repeated after the definition has changed says the same again.
"""

from collections.abc import Sequence

from stampbook.core.definition import Definition
from stampbook.nouns.business import Business
from stampbook.store.backend import Row, Unit
from stampbook.store.programs import Programs
from stampbook.values.ids import ProgramId

VERSIONS = "SELECT version, created_at_ms FROM definition WHERE program_id = ? ORDER BY version"


class Businesses:
    """Who speaks for each program, read once for each transaction that asks."""

    def __init__(self, unit: Unit, programs: Programs) -> None:
        self._unit = unit
        self._programs = programs
        self._versions: dict[ProgramId, list[Row]] = {}

    def at(self, program_id: ProgramId, at_ms: int) -> Business:
        """Give who spoke at an instant of the program's clock."""
        if program_id not in self._versions:
            self._versions[program_id] = self._unit.rows(VERSIONS, (program_id,))
        version = _in_force(self._versions[program_id], at_ms)
        definition = self._programs.definition(self._unit, program_id, version)
        return business_of(program_id, definition)


def business_of(program_id: ProgramId, definition: Definition) -> Business:
    """Give who speaks, as a definition names them."""
    return Business(
        program_id=program_id,
        name=definition.name,
        website=definition.website,
        coin_name=definition.points.name,
        currency=definition.currency,
    )


def _in_force(versions: Sequence[Row], at_ms: int) -> int:
    """Give the version that came last before an instant; imported facts may be older than all."""
    before = [version for version, created_at_ms in versions if created_at_ms <= at_ms]
    return before[-1] if before else versions[0][0]
