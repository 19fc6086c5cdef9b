"""Let go now of what has had its time."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.errors import FAILED, INTERRUPTED, complain
from stampbook.cli.terminal.interrupts import interruptible
from stampbook.cli.terminal.opening import chosen_programs, opened_backend
from stampbook.cli.terminal.options import DatabaseOption
from stampbook.cli.terminal.output import say, spell_time
from stampbook.cli.terminal.progress import progress_bar
from stampbook.cli.terminal.settings import configuration
from stampbook.clockwork.retention import PIECE_ROWS, name_of
from stampbook.core.retention import DAY_MS, Cuts, cuts
from stampbook.engine.clock import real_ms
from stampbook.store.backend import Backend
from stampbook.store.reading.programs import ProgramLine
from stampbook.store.retention import PARTS, PartLine, go_on, lines
from stampbook.values.instants import from_ms, to_ms

HOUR_MS = DAY_MS // 24


def command(
    *,
    program: Annotated[str | None, Parameter(help="Id or name of one (default: all).")] = None,
    database: DatabaseOption = None,
) -> int:
    """Let go now of what has had its time, as the settings of [retention] say.

    The clock does it once a day by itself. It may run while the server is at work. Ctrl-C stops
    it; what is gone is gone, and whoever comes next goes on.
    """
    retention = configuration(database).settings.retention
    now_ms = real_ms()
    with opened_backend(database) as backend:
        for one in chosen_programs(backend, program):
            with backend.alone(name_of(one.id)) as is_ours:
                if not is_ours:
                    complain(f"{one.name}: another process is at it.", "Look again later.")
                    return FAILED
                gone = _run(backend, one, cuts(retention, now_ms), now_ms)
            if gone is None:
                complain("Interrupted.", "Go on: stampbook retention run")
                return INTERRUPTED
            say(f"{one.name}: {gone:,} rows are gone.")
    return 0


def _run(backend: Backend, program: ProgramLine, at: Cuts, now_ms: int) -> int | None:
    """Do all that is to be done for a program; None when it was stopped."""
    gone = 0
    with backend.read() as unit:
        spans = _spans(lines(unit, program.id), at)
    with (
        interruptible() as wants_to_stop,
        progress_bar(program.name, sum(spans.values()) // HOUR_MS, "hours") as show,
    ):
        while not wants_to_stop():
            with backend.transaction() as unit:
                piece = go_on(unit, program.id, at, at_ms=now_ms, limit=PIECE_ROWS)
            if piece.part is None:
                return gone
            gone += piece.gone
            left_ms = max(0, PARTS[piece.part].before_ms(at) - piece.reached_ms)
            done_ms = sum(spans[name] for name in _up_to(piece.part)) - left_ms
            reached = spell_time(from_ms(piece.reached_ms))
            show(max(0, done_ms) // HOUR_MS, f"{piece.part} {reached}, {gone:,} rows")
    return None


def _spans(found: Sequence[PartLine], at: Cuts) -> dict[str, int]:
    """Give how much time each part has to go through. Units: milliseconds."""
    ends = {line.part: PARTS[line.part].before_ms(at) for line in found}
    return {
        line.part: 0 if line.oldest is None else max(0, ends[line.part] - to_ms(line.oldest))
        for line in found
    }


def _up_to(part: str) -> Sequence[str]:
    names = list(PARTS)
    return names[: names.index(part) + 1]
