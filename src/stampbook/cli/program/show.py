"""Show a program's rules as they are in force."""

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.store.reading.programs import versions


def command(*, program: ProgramOption = None, database: DatabaseOption = None) -> None:
    """Show a program's rules as they are in force: the TOML file that was applied last."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.read() as unit:
            newest = versions(unit, chosen.id)[0]
    say(f"# {chosen.name}, program {chosen.id}, version {newest.version}, {chosen.clock} clock.")
    say(newest.source.rstrip())
