"""Show what is kept for how long, and what has gone."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.opening import chosen_programs, opened_backend
from stampbook.cli.terminal.options import DatabaseOption
from stampbook.cli.terminal.output import say, spell_time, tell
from stampbook.cli.terminal.settings import configuration
from stampbook.core.retention import TRACES_DAYS, Retention
from stampbook.store.retention import PartLine, lines


def command(
    *,
    program: Annotated[str | None, Parameter(help="Id or name of one (default: all).")] = None,
    database: DatabaseOption = None,
) -> None:
    """Show how long things are kept, what is gone, and how old the oldest row is.

    What came to its end before `gone before` is gone, as far as its time is over.
    """
    retention = configuration(database).settings.retention
    with opened_backend(database) as backend:
        programs = chosen_programs(backend, program)
        with backend.read() as unit:
            found = [(one, line) for one in programs for line in lines(unit, one.id)]
    for sentence in _sentences(retention):
        say(sentence)
    tell(
        ["program", "part", "gone before", "oldest kept", "rows gone", "finished"],
        [[one.name, *_cells(line)] for one, line in found],
        numbers=["rows gone"],
    )


def _sentences(retention: Retention) -> list[str]:
    kept = {
        "Deliveries that were received are": retention.deliveries_days,
        "Dead letters and the tries before them are": retention.failed_days,
        "What facts say is": retention.facts_days,
        "Traces are": TRACES_DAYS,
    }
    return [f"{what} kept for {f'{days} days' if days else 'ever'}." for what, days in kept.items()]


def _cells(line: PartLine) -> list[object]:
    return [
        line.part,
        spell_time(line.before),
        spell_time(line.oldest),
        f"{line.rows:,}",
        spell_time(line.finished_at),
    ]
