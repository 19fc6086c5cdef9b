"""Send the fact of one delivery again."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.bootstrap import ids
from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.core.refusals import Refused
from stampbook.engine.clock import real_ms
from stampbook.store.replays import resend


def command(
    delivery: Annotated[
        str, Parameter(help="The id of a delivery that was received, given up or left out.")
    ],
    /,
    *,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Send the fact of one delivery to its endpoint again, and print the id of the new delivery."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.transaction() as unit:
            sent = resend(unit, chosen.id, delivery, at_ms=real_ms(), new_id=ids())
    if sent is None:
        raise CommandError(
            f"There is no delivery {delivery}.", "List those that failed: stampbook webhooks failed"
        )
    if isinstance(sent, Refused):
        raise CommandError(sent.detail, sent.remedy)
    say(sent)
