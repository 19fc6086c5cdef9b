"""A sweep: the due work of a program up to an instant, in due order, some members at a time."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from stampbook.clockwork.errands import Errands
from stampbook.clockwork.jobs import Job, catalogue
from stampbook.clockwork.runs import Runs, SweepError
from stampbook.commands.run_due import MEMBERS_PER_RUN_MAX
from stampbook.engine.writer import Engine
from stampbook.store.admin import REVIEW
from stampbook.store.review import review
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant, from_ms, to_ms

__all__ = ["Progress", "SweepError", "name_of", "sweep"]

CLOCK = "SELECT now_ms FROM program WHERE id = ?"
EARLIEST = (
    "SELECT due_at_ms FROM member WHERE program_id = ? AND due_at_ms IS NOT NULL "
    "ORDER BY due_at_ms LIMIT 1"
)


class Progress(Struct, frozen=True, kw_only=True):
    """How far a sweep has come: nothing that was due until `reached` is left undone.

    Shapes: but for what is `left`: members and jobs whose work broke or was refused. The log names
    them, and a later sweep tries again.
    """

    items: int
    reached: Instant
    finished: bool
    left: int = 0


class Step(Struct, frozen=True, kw_only=True):
    """What a sweep does next: up to which instant, and whether members and jobs are due by it."""

    to: Instant
    is_marked: bool
    """Members wait for a review; all else comes later."""
    members: bool
    jobs: bool


def name_of(program_id: ProgramId) -> str:
    """Give the name that whoever sweeps a program holds alone, so that two do not get in the way.

    Shapes: a sweep is right without it; two would look for the same work, and one find it done.
    """
    return f"sweep {program_id}"


def sweep(
    engine: Engine,
    program_id: ProgramId,
    until: Instant,
    *,
    cause: str,
    on_progress: Callable[[Progress], None] | None = None,
    members: int = MEMBERS_PER_RUN_MAX,
    jobs: Sequence[Job] | None = None,
) -> Progress:
    """Run all that is due until an instant: members' work up to the next job, the job, and so on.

    Shapes: every step is a transaction of its own; `items` counts those of this sweep. A test
    clock stands at the instant of a job when its commands run; on real time jobs come last.
    Errors: SweepError; QueueFullError; StoreError.
    """
    runs = Runs(engine, program_id, cause, members=members, until=until)
    errands = Errands(engine, program_id, cause, catalogue() if jobs is None else jobs)
    items = 0
    while True:
        step = _next_step(engine, program_id, until, errands)
        if step.is_marked:
            _review(engine, program_id)
            continue
        reached, finished = step.to, True
        if step.members or not step.jobs:
            ran = runs.run(step.to)
            items, reached, finished = items + ran.items, ran.reached, ran.finished
        if finished and step.jobs:
            items += errands.run(step.to)
            finished = False
        elif finished:
            items += errands.run_late(reached)
        left = runs.broken + errands.refused
        progress = Progress(items=items, reached=reached, finished=finished, left=left)
        if on_progress is not None:
            on_progress(progress)
        if finished:
            return progress


def _next_step(engine: Engine, program_id: ProgramId, until: Instant, errands: Errands) -> Step:
    with engine.backend.read() as unit:
        [(now_ms,)] = unit.rows(CLOCK, (program_id,))
        earliest = unit.rows(EARLIEST, (program_id,))
        job_at = errands.next_at(unit, engine.programs.present(unit, program_id))
    due_ms = earliest[0][0] if earliest else None
    if now_ms is None:
        to = min(until, from_ms(engine.clock.real_ms()))
    elif job_at is None or job_at > until:
        to = until
    else:
        to = min(until, max(job_at, from_ms(now_ms)))
    return Step(
        to=to,
        is_marked=due_ms == REVIEW,
        members=due_ms is not None and due_ms <= to_ms(to),
        jobs=job_at is not None and job_at <= to,
    )


def _review(engine: Engine, program_id: ProgramId) -> None:
    looked = MEMBERS_PER_RUN_MAX
    while looked:
        with engine.backend.transaction() as unit:
            looked = review(unit, engine.programs, program_id, MEMBERS_PER_RUN_MAX)
