"""Show an endpoint."""

import msgspec

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.subscribing import EndpointArgument, known, workshop_of
from stampbook.delivery.showing import Watch, shown
from stampbook.store.lanes import healths
from stampbook.values.instants import to_ms
from stampbook.values.json import encode


def command(
    endpoint: EndpointArgument,
    /,
    *,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Show an endpoint as JSON: its settings, what signs for it and how it is, and no secret."""
    workshop = workshop_of(database)
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.read() as unit:
            found = known(unit, chosen.id, endpoint)
            states = healths(unit, chosen.id)
    watch = Watch(vault=workshop.vault, healths=states, now_ms=to_ms(workshop.now))
    say(msgspec.json.format(encode(shown(found, watch)), indent=2).decode())
