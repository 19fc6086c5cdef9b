"""Show a program's clock."""

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say, spell_time
from stampbook.engine.clock import real_ms
from stampbook.values.instants import from_ms


def command(*, program: ProgramOption = None, database: DatabaseOption = None) -> None:
    """Show a program's clock, and where it is being moved to."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
    if chosen.now is None:
        say(f"{spell_time(from_ms(real_ms()))} real")
        return
    say(f"{spell_time(chosen.now)} test")
    if chosen.target is not None:
        say(f"On its way to {spell_time(chosen.target)}: stampbook clock advance")
