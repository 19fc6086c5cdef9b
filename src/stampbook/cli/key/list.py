"""List the keys of a program."""

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import spell_time, tell
from stampbook.store.admin import keys
from stampbook.values.instants import from_ms


def command(*, program: ProgramOption = None, database: DatabaseOption = None) -> None:
    """List the keys of a program; the keys themselves are known to their owners only."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.read() as unit:
            found = keys(unit, chosen.id)
    tell(
        ["id", "name", "scopes", "created", "revoked"],
        [
            [
                key.id,
                key.name,
                " ".join(key.scopes),
                spell_time(from_ms(key.created_at_ms)),
                spell_time(None if key.revoked_at_ms is None else from_ms(key.revoked_at_ms)),
            ]
            for key in found
        ],
    )
