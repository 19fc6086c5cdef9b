"""List the endpoints of a program."""

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import spell_time, tell
from stampbook.core.health import Health
from stampbook.store.endpoints import endpoints
from stampbook.store.lanes import healths
from stampbook.values.urls import without_credentials


def command(*, program: ProgramOption = None, database: DatabaseOption = None) -> None:
    """List the endpoints of a program; `stampbook endpoint show` says more of one."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.read() as unit:
            found = endpoints(unit, chosen.id)
            states = healths(unit, chosen.id)
    tell(
        ["id", "url", "dialect", "facts", "only with", "order", "status", "health", "created"],
        [
            [
                one.id,
                without_credentials(one.url),
                one.dialect,
                " ".join(one.event_types) or "all",
                " ".join(one.only_with) or "-",
                one.ordering,
                one.status,
                states.get(one.id, Health()).state,
                spell_time(one.created_at),
            ]
            for one in found
        ],
    )
