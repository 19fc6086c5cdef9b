"""Errands: the jobs of one sweep, asked when they are due and had done through the engine."""

from collections.abc import Sequence

import structlog
from msgspec import Struct

from stampbook.clockwork.jobs import Job
from stampbook.clockwork.runs import ANSWER_SECONDS_MAX, PRINCIPAL, SweepError
from stampbook.commands import Command
from stampbook.core.draft import Program
from stampbook.engine.submission import Done, Submission, Unavailable
from stampbook.engine.writer import Engine
from stampbook.store.backend import Unit
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant
from stampbook.values.json import encode

ITEMS_PER_ROUND_MAX = 200
"""How many items of a job are asked for at once."""

ROUNDS_MAX = 1_000
"""How often a job is asked for more at one instant."""

REFUSED_MAX = 1_000
"""A job with more refused commands than this is left alone for the rest of the sweep."""

log = structlog.get_logger()


class Errand(Struct, eq=False):
    """A job during one sweep.

    Shapes: `refused` are commands that were refused or failed, or were `done` a round ago and are
    wanted again, because they left their work due; as JSON with their names. They are not asked
    again, and fewer items are asked for at once, because one command may be for many.
    With some left undone, or more than ROUNDS_MAX wanted, the job `is_late`: its next instant says
    nothing any more, and the rest is done at the end of the sweep.
    """

    job: Job
    refused: set[bytes]
    done: set[bytes]
    limit: int = ITEMS_PER_ROUND_MAX
    is_late: bool = False


class Errands:
    """The jobs of a program during one sweep."""

    def __init__(
        self, engine: Engine, program_id: ProgramId, cause: str, jobs: Sequence[Job]
    ) -> None:
        self._engine = engine
        self._program_id = program_id
        self._cause = cause
        self._errands = [Errand(job, set(), set()) for job in jobs]

    @property
    def refused(self) -> int:
        """How many commands were refused or failed, or left their work due."""
        return sum(len(errand.refused) for errand in self._errands)

    def next_at(self, unit: Unit, program: Program) -> Instant | None:
        """Give when the earliest job is due; None when none is."""
        timely = (errand.job for errand in self._errands if not errand.is_late)
        found = (job.next_at(unit, program) for job in timely)
        return min((at for at in found if at is not None), default=None)

    def run(self, until: Instant) -> int:
        """Do what is due by an instant; gives how many commands were done.

        Errors: SweepError; QueueFullError.
        """
        return sum(self._run(each, until) for each in self._errands if not each.is_late)

    def run_late(self, until: Instant) -> int:
        """Do what the late jobs have left."""
        return sum(self._run(each, until) for each in self._errands if each.is_late)

    def _run(self, errand: Errand, until: Instant) -> int:
        done = 0
        for _ in range(ROUNDS_MAX):
            commands = self._ask(errand, until)
            if commands is None:
                return done
            succeeded = self._submit(errand, commands, until)
            done += succeeded
            if commands and succeeded == len(commands):
                errand.limit = min(errand.limit * 2, ITEMS_PER_ROUND_MAX)
            elif commands or errand.limit > 1:
                errand.limit = max(errand.limit // 2, 1)
            else:
                break
        if errand.is_late:
            return done
        errand.is_late = True
        log.error("job.late", job=errand.job.commands.__module__, program=self._program_id)
        return done

    def _ask(self, errand: Errand, until: Instant) -> list[Command] | None:
        """Give what a job wants done that was not refused; None when nothing of it is due."""
        with self._engine.backend.read() as unit:
            program = self._engine.programs.present(unit, self._program_id)
            at = errand.job.next_at(unit, program)
            if at is None or at > until:
                return None
            if len(errand.refused) > REFUSED_MAX:
                return []
            limit, wanted = errand.limit, list[Command]()
            while True:  # past what was refused
                before, wanted = wanted, list(errand.job.commands(unit, program, until, limit))
                errand.refused |= errand.done.intersection(map(_key, wanted))
                fresh = [each for each in wanted if _key(each) not in errand.refused]
                if fresh or wanted == before:
                    return fresh
                limit *= 2

    def _submit(self, errand: Errand, commands: Sequence[Command], at: Instant) -> int:
        """Have commands done; gives how many were.

        Errors: SweepError when the database does not answer.
        """
        submissions = [
            Submission(
                program_id=self._program_id,
                command=command,
                principal=PRINCIPAL,
                cause=self._cause,
                at=at,
            )
            for command in commands
        ]
        waiters = [self._engine.submit(each) for each in submissions]
        errand.done.clear()
        for command, waiter in zip(commands, waiters, strict=True):
            outcome = waiter.result(ANSWER_SECONDS_MAX)
            if isinstance(outcome, Unavailable):
                raise SweepError(outcome)
            if isinstance(outcome, Done):
                errand.done.add(_key(command))
            else:
                errand.refused.add(_key(command))
                log.warning("job.refused", command=type(command).__name__, outcome=str(outcome))
        return len(errand.done)


def _key(command: Command) -> bytes:
    return type(command).__name__.encode() + encode(command)
