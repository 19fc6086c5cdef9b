"""List the programs of the database."""

from stampbook.cli.terminal.opening import opened_backend
from stampbook.cli.terminal.options import DatabaseOption
from stampbook.cli.terminal.output import spell_time, tell
from stampbook.store.reading.programs import programs


def command(*, database: DatabaseOption = None) -> None:
    """List the programs of the database."""
    with opened_backend(database) as backend, backend.read() as unit:
        found = programs(unit)
    tell(
        ["id", "name", "version", "clock", "its time"],
        [[one.id, one.name, one.version, one.clock, spell_time(one.now)] for one in found],
    )
