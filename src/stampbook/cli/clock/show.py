"""Show a program's clock."""

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say, spell_time
from stampbook.engine.clock import real_ms


def command(*, program: ProgramOption = None, database: DatabaseOption = None) -> None:
    """Show a program's clock, and where it is being moved to."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
    if chosen.now_ms is None:
        say(f"{spell_time(real_ms())} real")
        return
    say(f"{spell_time(chosen.now_ms)} test")
    if chosen.target_ms is not None:
        say(f"On its way to {spell_time(chosen.target_ms)}: stampbook clock advance")
