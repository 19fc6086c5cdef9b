"""A sweep: the due work of a program up to an instant, in due order, some members at a time."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from stampbook.clockwork.errands import ANSWER_SECONDS_MAX, PRINCIPAL, Errands, SweepError
from stampbook.clockwork.jobs import Job, catalogue
from stampbook.commands.run_due import MEMBERS_PER_RUN_MAX, DueRan, RunDue
from stampbook.engine.submission import Done, Submission
from stampbook.engine.writer import Engine
from stampbook.store.review import review
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant
from stampbook.values.json import decode

__all__ = ["Progress", "SweepError", "sweep"]


class Progress(Struct, frozen=True, kw_only=True):
    """How far a sweep has come: nothing that was due until `reached` is left undone."""

    items: int
    reached: Instant
    finished: bool


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
    clock stands at the instant of a job when its commands run.
    Errors: SweepError; QueueFullError.
    """
    items = 0
    _review(engine, program_id)
    errands = Errands(engine, program_id, cause, catalogue() if jobs is None else jobs)
    while True:
        job_at = errands.next_at()
        to = until if job_at is None else min(until, job_at)
        ran = _run_due(engine, program_id, cause, RunDue(until=to, limit=members))
        items += ran.items
        finished = ran.finished
        if finished and job_at is not None and job_at <= ran.reached:
            items += errands.run(ran.reached)
            finished = False
        progress = Progress(items=items, reached=ran.reached, finished=finished)
        if on_progress is not None:
            on_progress(progress)
        if finished:
            return progress


def _run_due(engine: Engine, program_id: ProgramId, cause: str, command: RunDue) -> DueRan:
    submission = Submission(
        program_id=program_id, command=command, principal=PRINCIPAL, cause=cause
    )
    outcome = engine.submit(submission).result(ANSWER_SECONDS_MAX)
    if not isinstance(outcome, Done):
        raise SweepError(outcome)
    return decode(outcome.result, DueRan)


def _review(engine: Engine, program_id: ProgramId) -> None:
    looked = MEMBERS_PER_RUN_MAX
    while looked:
        with engine.backend.transaction() as unit:
            looked = review(unit, engine.programs, program_id, MEMBERS_PER_RUN_MAX)
