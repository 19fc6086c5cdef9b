"""Say what a program's file would change."""

from stampbook.cli.terminal.definitions import defined, read_source, show_changes
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption, TomlFile


def command(
    file: TomlFile, /, *, program: ProgramOption = None, database: DatabaseOption = None
) -> None:
    """Say what a program's file would change, or all that is wrong with it, and change nothing."""
    wanted = defined(read_source(file), file)
    with opened_backend(database) as backend:
        show_changes(backend, choose_program(backend, program), wanted)
