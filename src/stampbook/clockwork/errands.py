"""Errands: the jobs of one sweep, asked when they are due and had done through the engine."""

from collections.abc import Sequence

import structlog

from stampbook.clockwork.jobs import Job
from stampbook.commands import Command
from stampbook.engine.submission import Done, Outcome, Submission, Unavailable
from stampbook.engine.writer import Engine
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant

PRINCIPAL = "clockwork"
ANSWER_SECONDS_MAX = 300.0
ITEMS_PER_ROUND_MAX = 200
"""How many items of a job are asked for at once."""

ROUNDS_MAX = 10_000
"""How often a job is asked for more at one instant."""

log = structlog.get_logger()


class SweepError(Exception):
    """A sweep did not come to its end; what it did is stored, and another sweep goes on."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"the sweep stopped: {outcome}")
        self.outcome = outcome


class Errands:
    """The jobs of a program during one sweep.

    Shapes: `stuck` are the jobs whose commands were refused or failed, or left their work due;
    they are left alone for the rest of the sweep, and the next one tries again.
    """

    def __init__(
        self, engine: Engine, program_id: ProgramId, cause: str, jobs: Sequence[Job]
    ) -> None:
        self.stuck: list[Job] = []
        self._engine = engine
        self._program_id = program_id
        self._cause = cause
        self._jobs = list(jobs)

    def next_at(self) -> Instant | None:
        """Give when the earliest job is due; None when none is."""
        if not self._jobs:
            return None
        with self._engine.backend.read() as unit:
            program = self._engine.programs.present(unit, self._program_id)
            found = [job.next_at(unit, program) for job in self._jobs]
        return min((at for at in found if at is not None), default=None)

    def run(self, until: Instant) -> int:
        """Do what is due by an instant; gives how many commands did something.

        Errors: SweepError; QueueFullError.
        """
        return sum(self._run(job, until) for job in tuple(self._jobs))

    def _run(self, job: Job, until: Instant) -> int:
        done = 0
        for _ in range(ROUNDS_MAX):
            commands = self._due(job, until)
            if commands is None:
                return done
            succeeded = self._submit(commands)
            done += succeeded
            if not succeeded:
                break
        log.error("job.stuck", job=job.commands.__module__, program=self._program_id)
        self._jobs.remove(job)
        self.stuck.append(job)
        return done

    def _due(self, job: Job, until: Instant) -> Sequence[Command] | None:
        """Give what a job wants done; None when nothing is due."""
        with self._engine.backend.read() as unit:
            program = self._engine.programs.present(unit, self._program_id)
            at = job.next_at(unit, program)
            if at is None or at > until:
                return None
            return job.commands(unit, program, until, ITEMS_PER_ROUND_MAX)

    def _submit(self, commands: Sequence[Command]) -> int:
        """Have commands done; gives how many were."""
        waiters = [
            self._engine.submit(
                Submission(
                    program_id=self._program_id,
                    command=command,
                    principal=PRINCIPAL,
                    cause=self._cause,
                )
            )
            for command in commands
        ]
        outcomes = [waiter.result(ANSWER_SECONDS_MAX) for waiter in waiters]
        for command, outcome in zip(commands, outcomes, strict=True):
            if isinstance(outcome, Unavailable):
                raise SweepError(outcome)
            if not isinstance(outcome, Done):
                log.warning("job.refused", command=type(command).__name__, outcome=str(outcome))
        return sum(isinstance(outcome, Done) for outcome in outcomes)
