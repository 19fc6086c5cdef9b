"""The run: members are read some at a time, replayed by both programs, and reported on."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.definition import Definition
from stampbook.nouns.member import Member
from stampbook.simulation.comparison import Compared, Report, compare
from stampbook.simulation.history import READ, Told, actions, read_fact
from stampbook.simulation.replay import Timeline, quiet, replay
from stampbook.store.backend import Unit
from stampbook.store.programs import Programs, Version, defined_by
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import decode

MEMBERS_AT_A_TIME = 200

PROGRAM = "SELECT version, created_at_ms FROM program WHERE id = ?"
MEMBERS = "SELECT id FROM member WHERE program_id = ? AND status <> 'deleted' ORDER BY id"
BODIES = "SELECT id, body FROM member WHERE program_id = ? AND status <> 'deleted' AND id IN (?*)"
"""Somebody may have been deleted since the groups were made."""

FACTS = (
    "SELECT member, type, occurred_at_ms, body FROM fact WHERE program_id = ? AND member IN (?*) "
    "AND type IN (?*) ORDER BY member, sequence"
)


class Simulation(Struct, frozen=True, kw_only=True):
    """A changed program to be compared with the present one, since a date."""

    program_id: ProgramId
    since: Instant
    until: Instant
    before: Timeline
    after: Timeline
    derived: frozenset[str]

    @property
    def nothing(self) -> Report:
        """The report of no members."""
        return Report(since=self.since, until=self.until)


def prepare(
    unit: Unit,
    programs: Programs,
    program_id: ProgramId,
    definition: Definition,
    *,
    since: Instant | None,
    until: Instant,
) -> Simulation:
    """Lay out which program was in force when, and would have been; `since` None is always."""
    [(latest, created_at_ms)] = unit.rows(PROGRAM, (program_id,))
    created_at = from_ms(created_at_ms)
    start = created_at if since is None else since
    versions = [programs.version(unit, program_id, each) for each in range(1, latest + 1)]
    starts = [one.created_at for one in versions]
    starts[0] = min(created_at, start)  # it has always been: imports may be older than the program
    in_force = [
        (at, programs.program(unit, program_id, number))
        for number, at in enumerate(starts, start=1)
    ]
    kept = [one for one in versions if since is not None and one.created_at < start]
    changed = defined_by(
        [*kept, Version(definition=definition, created_at=start)], program_id, created_at
    )
    changed = replace(changed, version=latest + 1)
    before = tuple((at, quiet(program)) for at, program in in_force)
    after = (*before[: len(kept)], (start, quiet(changed)))
    past = {program.version: program.definition for _, program in (*before, *after)}
    return Simulation(
        program_id=program_id,
        since=start,
        until=until,
        before=Timeline(programs=before, past=past, until=until),
        after=Timeline(programs=after, past=past, until=until),
        derived=frozenset(each for one in past.values() for each in _derived(one)),
    )


def _derived(definition: Definition) -> set[str]:
    """Give the activities that follow from something that the replay makes happen itself."""
    calendar = {one.id for one in definition.activities if one.on not in {"order", "request"}}
    campaigns = {one.promotion.activity for one in definition.campaigns if one.promotion.activity}
    winback = {definition.winback.bonus_activity} if definition.winback else set[str]()
    return calendar | campaigns | winback


def groups(unit: Unit, program_id: ProgramId) -> list[tuple[MemberId, ...]]:
    """Give the members to be looked at, some at a time."""
    members = tuple(MemberId(row[0]) for row in unit.rows(MEMBERS, (program_id,)))
    starts = range(0, len(members), MEMBERS_AT_A_TIME)
    return [members[start : start + MEMBERS_AT_A_TIME] for start in starts]


def simulate(unit: Unit, simulation: Simulation, members: Sequence[MemberId]) -> Report:
    """Replay some members, and report on them."""
    changed = simulation.after.programs[-1][1].definition
    told, forgotten = _told(unit, simulation, members)
    remembered = [member for member in members if member not in forgotten]
    report = compare(_compared(unit, simulation, remembered, told), simulation.nothing, changed)
    return replace(report, forgotten=len(forgotten))


def _compared(
    unit: Unit,
    simulation: Simulation,
    members: Sequence[MemberId],
    told: Mapping[MemberId, list[Told]],
) -> Iterator[Compared]:
    key = (simulation.program_id, list(members))
    for member, body in unit.rows(BODIES, key):
        stored = decode(body, Member)
        history = list(actions(told[member], simulation.derived))
        yield Compared(
            stored=stored,
            before=replay(stored.member_id, history, simulation.before),
            after=replay(stored.member_id, history, simulation.after),
        )


def _told(
    unit: Unit, simulation: Simulation, members: Sequence[MemberId]
) -> tuple[Mapping[MemberId, list[Told]], set[MemberId]]:
    """Give what is told of members, and those of whom a part is not kept any more."""
    told: dict[MemberId, list[Told]] = defaultdict(list)
    forgotten: set[MemberId] = set()
    key = (simulation.program_id, list(members), sorted(READ))
    for member, kind, at_ms, body in unit.rows(FACTS, key):
        if body:
            told[member].append(Told(from_ms(at_ms), read_fact(kind, body)))
        else:
            forgotten.add(member)
    return told, forgotten
