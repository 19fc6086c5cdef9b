"""Bring a disabled endpoint back."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.bootstrap import ids
from stampbook.cli.terminal.ids import new_id
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.replaying import EndpointArgument, known_endpoint, left_out
from stampbook.engine.clock import real_ms
from stampbook.store.activation import Hand, activate


def command(
    endpoint: EndpointArgument,
    /,
    *,
    no_backfill: Annotated[
        bool, Parameter(help="Send it what happens from now on, and nothing that it missed.")
    ] = False,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Bring a disabled endpoint back: first what it missed, in order, and then the present.

    The servers do the work.
    """
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.transaction() as unit:
            standing = activate(
                unit,
                chosen.id,
                known_endpoint(unit, chosen.id, endpoint, lock=True),
                Hand(cause=new_id(), at_ms=real_ms(), new_id=ids()),
                backfill=not no_backfill,
            )
    backfill = standing.backfill
    if backfill is None:
        say(f"Active, {standing.health.state}.")
        return
    at_least = "" if backfill.is_exact else "at least "
    count = f"{at_least}{backfill.matched:,} facts"
    say(f"Active, {standing.health.state}, catching up with {count}.{left_out(backfill)}")
