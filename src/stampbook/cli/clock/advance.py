"""Move the clock of a sandbox forward."""

from datetime import timedelta
from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.errors import FAILED, INTERRUPTED, CommandError, complain, sentence
from stampbook.cli.terminal.ids import new_id
from stampbook.cli.terminal.interrupts import interruptible
from stampbook.cli.terminal.opening import (
    choose_program,
    definition_of,
    opened_engine,
)
from stampbook.cli.terminal.options import DatabaseOption, InstantOption, ProgramOption
from stampbook.cli.terminal.output import say, spell_time
from stampbook.cli.terminal.progress import progress_bar
from stampbook.clockwork.advance import AdvanceReport, advance
from stampbook.clockwork.sweep import Progress, SweepError
from stampbook.core.refusals import CLOCK_IS_REAL, Refused
from stampbook.engine.writer import Engine
from stampbook.store.reading.programs import ProgramLine
from stampbook.values.calendars import after_days, after_months
from stampbook.values.instants import Instant

HOUR = timedelta(hours=1)
SPAN_MAX = 100_000
"""Units: that of the option. Beyond lies the end of the calendar."""


class StoppedError(Exception):
    """Somebody asked to stop; what is done so far is stored."""


def command(
    *,
    to: Annotated[InstantOption | None, Parameter(help="The time to move to.")] = None,
    days: Annotated[int, Parameter(help="Days to move by.")] = 0,
    hours: Annotated[int, Parameter(help="Hours to move by.")] = 0,
    months: Annotated[int, Parameter(help="Months to move by.")] = 0,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> int:
    """Move the clock of a sandbox forward, and run all that falls due on the way.

    Days and months are those of the program's time zone. Ctrl-C stops it; without a time or a
    span it goes on to where it was being moved.
    """
    with opened_engine(database) as engine:
        chosen = choose_program(engine.backend, program)
        target = _target(engine, chosen, to, months=months, days=days, hours=hours)
        moved = _advance(engine, chosen, target)
    if moved is None:
        complain(
            f"Interrupted on the way to {spell_time(target)}; what fell due so far is done.",
            "Go on: stampbook clock advance",
        )
        return INTERRUPTED
    if isinstance(moved, Refused):
        complain(moved.detail, moved.remedy)
        return FAILED
    say(f"{spell_time(moved.now)}: {moved.items:,} things fell due on the way.")
    if moved.left:
        complain(
            f"{moved.left:,} could not be done: the log says which.",
            "The next advance tries them again.",
        )
        return FAILED
    return 0


def _target(
    engine: Engine, program: ProgramLine, to: Instant | None, *, months: int, days: int, hours: int
) -> Instant:
    """Give where the clock is to go.

    Errors: CommandError when nothing, two things, or no way forward is asked for.
    """
    if program.now is None:
        raise CommandError(CLOCK_IS_REAL.meaning, CLOCK_IS_REAL.remedy)
    spans = (months, days, hours)
    if to is not None and any(spans):
        raise CommandError("Two ways are asked for.", "Give --to, or --months, --days and --hours.")
    if any(not 0 <= span <= SPAN_MAX for span in spans):
        raise CommandError("A clock only moves forward.", f"Give a span from 1 to {SPAN_MAX:,}.")
    if to is not None:
        return to
    if not any(spans):
        if program.target is None:
            raise CommandError("Nothing says how far.", "Give --to, --months, --days or --hours.")
        return program.target
    zone = definition_of(engine.backend, program).time_zone
    try:
        day = after_days(after_months(program.now, months, zone), days, zone)
        return day + timedelta(hours=hours)
    except (OverflowError, ValueError) as error:
        raise CommandError("The calendar ends before.", "Move by less.") from error


def _advance(
    engine: Engine, program: ProgramLine, target: Instant
) -> AdvanceReport | Refused | None:
    """Move the clock and show how far it is; None when it was stopped."""
    before = program.now or target
    with (
        interruptible() as wants_to_stop,
        progress_bar("Advancing", max(0, (target - before) // HOUR), "hours") as show,
    ):

        def follow(progress: Progress) -> None:
            note = f"{spell_time(progress.reached)}, {progress.items:,} done"
            show((progress.reached - before) // HOUR, note)
            if wants_to_stop() and not progress.finished:
                raise StoppedError

        try:
            return advance(
                engine, program.id, target, cause=f"clock-{new_id()}", on_progress=follow
            )
        except StoppedError:
            return None
        except SweepError as error:
            raise CommandError(sentence(error), "Run it again: it goes on.") from error
