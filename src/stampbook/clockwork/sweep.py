"""A sweep: the due work of a program up to an instant, in due order, some members at a time."""

from collections.abc import Callable

from msgspec import Struct

from stampbook.commands.run_due import MEMBERS_PER_RUN_MAX, DueRan, RunDue
from stampbook.engine.submission import Done, Outcome, Submission
from stampbook.engine.writer import Engine
from stampbook.store.review import review
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant
from stampbook.values.json import decode

PRINCIPAL = "clockwork"
ANSWER_SECONDS_MAX = 300.0


class SweepError(Exception):
    """A sweep did not come to its end; what it did is stored, and another sweep goes on."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"the sweep stopped: {outcome}")
        self.outcome = outcome


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
) -> Progress:
    """Run all that is due until an instant.

    Shapes: every step is a transaction of its own; `items` counts those of this sweep.
    Errors: SweepError; QueueFullError.
    """
    items = 0
    _review(engine, program_id)
    while True:
        submission = Submission(
            program_id=program_id,
            command=RunDue(until=until, limit=members),
            principal=PRINCIPAL,
            cause=cause,
        )
        outcome = engine.submit(submission).result(ANSWER_SECONDS_MAX)
        if not isinstance(outcome, Done):
            raise SweepError(outcome)
        ran = decode(outcome.result, DueRan)
        items += ran.items
        progress = Progress(items=items, reached=ran.reached, finished=ran.finished)
        if on_progress is not None:
            on_progress(progress)
        if ran.finished:
            return progress


def _review(engine: Engine, program_id: ProgramId) -> None:
    looked = MEMBERS_PER_RUN_MAX
    while looked:
        with engine.backend.transaction() as unit:
            looked = review(unit, engine.programs, program_id, MEMBERS_PER_RUN_MAX)
