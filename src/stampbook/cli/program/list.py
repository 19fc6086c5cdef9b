"""List the programs of the database."""

from stampbook.cli.terminal.opening import opened_backend, programs
from stampbook.cli.terminal.options import DatabaseOption
from stampbook.cli.terminal.output import spell_time, tell


def command(*, database: DatabaseOption = None) -> None:
    """List the programs of the database."""
    with opened_backend(database) as backend:
        tell(
            ["id", "name", "version", "clock", "its time"],
            [
                [one.id, one.name, one.version, one.clock, spell_time(one.now_ms)]
                for one in programs(backend)
            ],
        )
