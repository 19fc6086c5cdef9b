"""Show a program's rules as they are in force."""

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say

SOURCE = "SELECT source FROM definition WHERE program_id = ? AND version = ?"


def command(*, program: ProgramOption = None, database: DatabaseOption = None) -> None:
    """Show a program's rules as they are in force: the TOML file that was applied last."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.read() as unit:
            [(source,)] = unit.rows(SOURCE, (chosen.id, chosen.version))
    say(f"# {chosen.name}, program {chosen.id}, version {chosen.version}, {chosen.clock} clock.")
    say(source.rstrip())
