"""Advance: move a test clock, and have done on the way all that real time would have done.

Shapes: the target is stored first and every step moves the clock with what it did, so an advance
that was killed is resumed by asking again. One process at a time pushes a clock; whoever else is
asked for the same waits for it, and goes on where it stops.
"""

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from stampbook.clockwork.jobs import Job
from stampbook.clockwork.sweep import Progress, name_of, sweep
from stampbook.core.refusals import CLOCK_BACKWARDS, CLOCK_IS_REAL, Refused, refuse
from stampbook.engine.writer import Engine
from stampbook.store.backend import Unit
from stampbook.values.ids import ProgramId
from stampbook.values.instants import Instant, from_ms, to_ms

CLOCK = "SELECT now_ms, target_ms FROM program WHERE id = ?"
AIM = "UPDATE program SET target_ms = ? WHERE id = ?"
ARRIVE = (
    "UPDATE program SET now_ms = ?, target_ms = nullif(target_ms, ?) WHERE id = ? AND now_ms <= ?"
)
WAIT_SECONDS = 0.2
"""How often one who waits looks how far another has come."""


class AdvanceReport(Struct, frozen=True, kw_only=True):
    """A clock that was moved, and how much fell due on the way.

    Shapes: `left` counts the members and commands whose work broke or was refused; the next
    advance tries again.
    """

    before: Instant
    now: Instant
    items: int
    left: int = 0


def advance(
    engine: Engine,
    program_id: ProgramId,
    to: Instant,
    *,
    cause: str,
    on_progress: Callable[[Progress], None] | None = None,
    jobs: Sequence[Job] | None = None,
) -> AdvanceReport | Refused:
    """Move a test clock forward.

    Errors: refusals `clock.is_real`, `clock.backwards`; SweepError; QueueFullError; StoreError.
    """
    with engine.backend.transaction() as unit:
        before = _aim(unit, program_id, to)
    if isinstance(before, Refused):
        return before
    while True:
        with engine.backend.alone(name_of(program_id)) as is_ours:
            if is_ours:
                progress = sweep(
                    engine, program_id, to, cause=cause, on_progress=on_progress, jobs=jobs
                )
                with engine.backend.transaction() as unit:
                    unit.run(ARRIVE, (to_ms(to), to_ms(to), program_id, to_ms(to)))
                return AdvanceReport(
                    before=before, now=to, items=progress.items, left=progress.left
                )
        _watch(engine, program_id, to, on_progress)


def _aim(unit: Unit, program_id: ProgramId, to: Instant) -> Instant | Refused:
    """Store where the clock is going; gives where it is."""
    [(now_ms, target_ms)] = unit.rows(CLOCK + unit.dialect.lock, (program_id,))
    if now_ms is None:
        return refuse(CLOCK_IS_REAL)
    if to_ms(to) <= now_ms and to_ms(to) != target_ms:
        return refuse(CLOCK_BACKWARDS, field="to", now=from_ms(now_ms))
    unit.run(AIM, (max(to_ms(to), target_ms or 0), program_id))
    return from_ms(now_ms)


def _watch(
    engine: Engine,
    program_id: ProgramId,
    to: Instant,
    on_progress: Callable[[Progress], None] | None,
) -> None:
    """Wait a moment for the one who moves the clock, and tell how far it has come."""
    time.sleep(WAIT_SECONDS)
    with engine.backend.read() as unit:
        [(now_ms, _)] = unit.rows(CLOCK, (program_id,))
    if on_progress is not None:
        on_progress(Progress(items=0, reached=min(to, from_ms(now_ms)), finished=False))
