"""List the endpoints of a program."""

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import spell_time, tell
from stampbook.store.endpoints import endpoints


def command(*, program: ProgramOption = None, database: DatabaseOption = None) -> None:
    """List the endpoints of a program."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.read() as unit:
            found = endpoints(unit, chosen.id)
    tell(
        ["id", "url", "dialect", "facts", "only with", "status", "created"],
        [
            [
                one.id,
                one.url,
                one.dialect,
                " ".join(one.event_types) or "all",
                " ".join(one.only_with) or "-",
                one.status,
                spell_time(one.created_at),
            ]
            for one in found
        ],
    )
