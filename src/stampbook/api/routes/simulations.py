"""Simulations: a changed program is run over what really happened, and nothing is stored."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.api.desk import Desk
from stampbook.api.problem import DEFINITION_INVALID, ProblemError
from stampbook.api.route import Answer
from stampbook.api.routes.program import SOURCE_BYTES_MAX, Source
from stampbook.core.definition import Definition
from stampbook.program.parse import parse
from stampbook.simulation.comparison import Report, together, valued
from stampbook.simulation.run import groups, prepare, simulate
from stampbook.values.instants import Instant

MEMBERS_MAX = 5000
"""More would keep a request waiting; `stampbook program simulate` has no such limit."""


class SimulateDefinition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition to run over the history of the oldest members.

    Shapes: without `since` it would have been in force from the first day.
    """

    toml: Source
    since: Instant | None = None
    members: Annotated[int, Meta(ge=1, le=MEMBERS_MAX)] = 1000


class Simulated(Struct, frozen=True, kw_only=True):
    """What the definition would have done. Shapes: `members_total` is how many the program has."""

    report: Report
    members_total: int


def simulate_definition(desk: Desk, asked: SimulateDefinition) -> Simulated:
    """Say what a definition would have done."""
    read = parse(asked.toml)
    if not isinstance(read, Definition):
        raise ProblemError(DEFINITION_INVALID, str(read[0]), field="/toml")
    with desk.present() as present:
        unit, programs = present.unit, desk.parts.engine.programs
        simulation = prepare(
            unit, programs, desk.program_id, read, since=asked.since, until=present.now
        )
        everybody = groups(unit, desk.program_id)
        report, left = simulation.nothing, asked.members
        for group in everybody:
            chosen = group[:left]
            if not chosen:
                break
            report, left = together(report, simulate(unit, simulation, chosen)), left - len(chosen)
        report = valued(report, present.program.definition, read)
        return Simulated(report=report, members_total=sum(map(len, everybody)))


ROUTES = (
    Answer(
        method="POST",
        path="/v1/simulations",
        summary="Run a changed definition over the history",
        scope="read",
        asks=SimulateDefinition,
        gives=Simulated,
        body_bytes_max=SOURCE_BYTES_MAX,
        refuses=(DEFINITION_INVALID,),
        answers=simulate_definition,
        example={
            "toml": '[program]\nname = "Roastery Rewards"\ncurrency = "EUR"\n',
            "members": 500,
        },
    ),
)
