"""Put a program's file into force."""

import sys
from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.definitions import defined, read_source, show_changes
from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption, TomlFile
from stampbook.cli.terminal.output import say
from stampbook.engine.clock import real_ms
from stampbook.program.version import definition_hash
from stampbook.store.admin import NewVersion, add_version
from stampbook.values.instants import to_ms


def command(
    file: TomlFile,
    /,
    *,
    yes: Annotated[bool, Parameter(help="Do not ask.")] = False,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Put a program's file into force as a new version, after showing what it changes.

    Awards of the past keep the version that valued them.
    """
    source = read_source(file)
    wanted = defined(source, file)
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        if not show_changes(backend, chosen, wanted):
            return
        if not yes:
            _ask()
        version = NewVersion(source=source, definition=wanted, hash=definition_hash(wanted))
        now_ms = real_ms() if chosen.now is None else to_ms(chosen.now)
        with backend.transaction() as unit:
            number = add_version(
                unit, chosen.id, version, expected=chosen.version, created_at_ms=now_ms
            )
    if number is None:
        raise CommandError(
            "Somebody else has changed the program meanwhile.",
            "Plan again, and apply what it says.",
        )
    say(f"Version {number} is in force.")


def _ask() -> None:
    """Ask for consent.

    Errors: CommandError when it is not given, or nobody is there to give it.
    """
    if not sys.stdin.isatty():
        raise CommandError("Nobody is there to consent.", "Apply with --yes.")
    if input("Put this into force? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise CommandError("Nothing was changed.", "Apply again to change it.")
