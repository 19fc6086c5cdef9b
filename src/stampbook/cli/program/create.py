"""Create a program."""

from typing import Annotated

import tomlkit
from cyclopts import Parameter

from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.ids import new_id
from stampbook.cli.terminal.opening import opened_backend
from stampbook.cli.terminal.options import DatabaseOption, InstantOption
from stampbook.cli.terminal.output import say
from stampbook.core.definition import Definition
from stampbook.engine.clock import real_ms
from stampbook.program.parse import parse
from stampbook.program.version import definition_hash
from stampbook.store.admin import NewVersion, create_program
from stampbook.values.ids import ProgramId
from stampbook.values.instants import optional_ms


def command(
    name: Annotated[
        str, Parameter(help="The program's name; the file that is applied may give another one.")
    ],
    /,
    *,
    test_clock: Annotated[
        bool,
        Parameter(help="A sandbox: its clock only moves when it is told to."),
    ] = False,
    start: Annotated[
        InstantOption | None, Parameter(help="Where the test clock begins (default: now).")
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Create a program without rules, and say its id.

    What it does is said by a TOML file, which `stampbook program apply` puts into force. Its clock
    cannot be exchanged later.
    """
    if start is not None and not test_clock:
        raise CommandError("Real time begins nowhere.", "Use --start with --test-clock.")
    source = tomlkit.dumps({"program": {"name": name}})
    definition = parse(source)
    if not isinstance(definition, Definition):
        problem = definition[0]
        raise CommandError(f"The name {problem.message}", problem.remedy)
    now_ms, program_id = real_ms(), ProgramId(new_id())
    with opened_backend(database) as backend, backend.transaction() as unit:
        create_program(
            unit,
            program_id,
            NewVersion(source=source, definition=definition, hash=definition_hash(definition)),
            created_at_ms=now_ms,
            test_clock_ms=(now_ms if start is None else optional_ms(start)) if test_clock else None,
        )
    say(program_id)
