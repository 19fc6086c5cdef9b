"""The loop: sweeps the programs that live on real time, and forgets what has had its time."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Thread

import structlog

from stampbook.clockwork.erasures import erase_some
from stampbook.clockwork.jobs import Job, catalogue
from stampbook.clockwork.retention import Clearance
from stampbook.clockwork.sweep import Progress, SweepError, name_of, sweep
from stampbook.core.retention import Retention
from stampbook.engine.queue import QueueFullError
from stampbook.engine.writer import Engine
from stampbook.store.backend import StoreError, Unit
from stampbook.store.idempotency import purge
from stampbook.values.ids import ProgramId
from stampbook.values.instants import from_ms

PAUSE_SECONDS = 1.0
PURGE_MS = 600_000
"""How often old idempotency keys are looked for. Units: milliseconds."""

REFUSED_MS = 60_000
"""How long the jobs of a program rest when one of their commands was refused."""

REAL_PROGRAMS = "SELECT id FROM program WHERE clock = 'real' ORDER BY id"
PROGRAMS = "SELECT id FROM program ORDER BY id"
EARLIEST = "SELECT min(due_at_ms) FROM member WHERE program_id = ? AND due_at_ms <= ?"
PROGRAMS_PER_QUESTION = 100

log = structlog.get_logger()


class StoppedError(Exception):
    """The loop is to end; what is done so far is stored."""


class Clockwork:
    """A thread that has the due work of real time done.

    Shapes: several processes may run one. A program is swept by one of them at a time, and what
    one has done, another finds done. Without `retention` everything is kept.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        pause_seconds: float = PAUSE_SECONDS,
        jobs: Sequence[Job] | None = None,
        retention: Retention | None = None,
    ) -> None:
        self._engine = engine
        self._clearance = None if retention is None else Clearance(engine.backend, retention)
        self._pause = pause_seconds
        self._jobs = catalogue() if jobs is None else jobs
        self._jobs_at_ms: dict[ProgramId, int] = {}
        self._stopping = Event()
        self._purge_at_ms = 0
        self._thread = Thread(target=self._run, name="clockwork", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the step in hand, and end; another sweep goes on where this one stopped."""
        self._stopping.set()
        self._thread.join()

    @property
    def is_running(self) -> bool:
        """Tell whether the thread is at work."""
        return self._thread.is_alive()

    def tick(self) -> int:
        """Do once what is due now; gives how many items ran."""
        now_ms = self._engine.clock.real_ms()
        items = 0
        for program in self._due(now_ms):  # one that fails must not hold up the others
            items += _survive(partial(self._sweep, program, now_ms))
        _survive(partial(erase_some, self._engine, self._stopping.is_set))
        if self._clearance is not None:
            _survive(partial(self._clearance.tick, now_ms, self._stopping.is_set))
        if now_ms >= self._purge_at_ms:
            self._purge_at_ms = now_ms + PURGE_MS
            self._purge(now_ms)
        return items

    def _run(self) -> None:
        while not self._stopping.wait(self._pause):
            _survive(self.tick)

    def _due(self, now_ms: int) -> list[ProgramId]:
        due: list[ProgramId] = []
        with self._engine.backend.read() as unit:
            programs = [ProgramId(row[0]) for row in unit.rows(REAL_PROGRAMS)]
            for start in range(0, len(programs), PROGRAMS_PER_QUESTION):
                some = programs[start : start + PROGRAMS_PER_QUESTION]
                found = unit.gather([(EARLIEST, (each, now_ms)) for each in some])
                due += [
                    program
                    for program, [(at,)] in zip(some, found, strict=True)
                    if at is not None or self._has_job(unit, program, now_ms)
                ]
        return due

    def _has_job(self, unit: Unit, program_id: ProgramId, now_ms: int) -> bool:
        now, program = from_ms(now_ms), self._engine.programs.present(unit, program_id)
        dates = (job.next_at(unit, program) for job in self._jobs_of(program_id, now_ms))
        return any(at is not None and at <= now for at in dates)

    def _jobs_of(self, program_id: ProgramId, now_ms: int) -> Sequence[Job]:
        """Give the jobs, but for a while after one of their commands was refused."""
        return self._jobs if now_ms >= self._jobs_at_ms.get(program_id, 0) else ()

    def _sweep(self, program: ProgramId, now_ms: int) -> int:
        with self._engine.backend.alone(name_of(program)) as is_ours:
            if self._stopping.is_set() or not is_ours:
                return 0
            try:
                progress = sweep(
                    self._engine,
                    program,
                    from_ms(now_ms),
                    cause=f"due-{now_ms:x}",
                    on_progress=self._may_stop,
                    jobs=self._jobs_of(program, now_ms),
                )
            except StoppedError:
                return 0
        if progress.left:
            self._jobs_at_ms[program] = now_ms + REFUSED_MS
        return progress.items

    def _may_stop(self, _: Progress) -> None:
        if self._stopping.is_set():
            raise StoppedError

    def _purge(self, now_ms: int) -> None:
        with self._engine.backend.read() as unit:
            programs = [ProgramId(row[0]) for row in unit.rows(PROGRAMS)]
        for program in programs:
            while not self._stopping.is_set():
                with self._engine.backend.transaction() as unit:
                    if not purge(unit, program, now_ms):
                        break


def _survive(work: Callable[[], int]) -> int:
    """Let no failure end the loop: what was not done now is done at a later tick."""
    try:
        return work()
    except (SweepError, StoreError, QueueFullError) as error:
        log.warning("clockwork.interrupted", error=str(error))
    except Exception:
        log.exception("clockwork.failed")
    return 0
