"""Revoke a key of the API."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.api.authentication import CACHED_SECONDS
from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.engine.clock import real_ms
from stampbook.store.admin import revoke_key


def command(
    key_id: Annotated[str, Parameter(help="The id from the list, or from the middle of the key.")],
    /,
    *,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Revoke a key of the API, for ever."""
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.transaction() as unit:
            is_revoked = revoke_key(unit, chosen.id, key_id, at_ms=real_ms())
    if not is_revoked:
        raise CommandError(f"There is no key {key_id} to revoke.", "See: stampbook key list")
    say(f"Revoked; a server may accept it for {CACHED_SECONDS} more seconds.")
