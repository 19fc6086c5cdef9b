"""Runs: the due work of members during one sweep, some members and one transaction at a time."""

from datetime import timedelta

import structlog

from stampbook.commands.run_due import DueRan, RunDue
from stampbook.engine.submission import Done, Failed, Outcome, Submission
from stampbook.engine.writer import Engine
from stampbook.store.review import set_aside
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant, to_ms
from stampbook.values.json import decode

PRINCIPAL = "clockwork"
ANSWER_SECONDS_MAX = 300.0
SET_ASIDE_MAX = 20
"""More members than this who cannot be done are no accident: the sweep stops."""

SET_ASIDE_FOR = timedelta(hours=1)

log = structlog.get_logger()


class SweepError(Exception):
    """A sweep did not come to its end; what it did is stored, and another sweep goes on."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"the sweep stopped: {outcome}")
        self.outcome = outcome


class Runs:
    """The runs of a sweep, `members` at once.

    Shapes: when a run breaks, fewer are taken, until the one member is found who broke it; their
    work waits until some time after this sweep, so that nobody else's does. `broken` counts them.
    """

    def __init__(
        self, engine: Engine, program_id: ProgramId, cause: str, *, members: int, until: Instant
    ) -> None:
        self.broken = 0
        self._engine = engine
        self._program_id = program_id
        self._cause = cause
        self._members = members
        self._later_ms = to_ms(until + SET_ASIDE_FOR)
        self._limit = members

    def run(self, until: Instant) -> DueRan:
        """Run once what is due by an instant, of the earliest members.

        Errors: SweepError; QueueFullError.
        """
        while True:
            outcome = self._submit(RunDue(until=until, limit=self._limit))
            if isinstance(outcome, Done):
                self._limit = min(self._limit * 2, self._members)
                return decode(outcome.result, DueRan)
            if not isinstance(outcome, Failed) or self.broken >= SET_ASIDE_MAX:
                raise SweepError(outcome)
            if self._limit == 1:
                self._set_aside()
            self._limit = max(1, self._limit // 2)

    def _submit(self, command: RunDue) -> Outcome:
        submission = Submission(
            program_id=self._program_id, command=command, principal=PRINCIPAL, cause=self._cause
        )
        return self._engine.submit(submission).result(ANSWER_SECONDS_MAX)

    def _set_aside(self) -> None:
        self.broken += 1
        with self._engine.backend.transaction() as unit:
            member = set_aside(unit, self._program_id, self._later_ms)
        log.error("member.set_aside", program=self._program_id, member=member)
