"""Create a key of the API."""

import hashlib
import secrets
from typing import Annotated

from cyclopts import Parameter

from stampbook.api.route import KeyScope
from stampbook.cli.terminal.ids import new_id
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.engine.clock import real_ms
from stampbook.store.admin import ApiKey, add_key

SECRET_BYTES = 32


def command(
    *,
    name: Annotated[str, Parameter(help="Who uses the key, for the list.")],
    scope: Annotated[
        tuple[KeyScope, ...], Parameter(help="What the key may do; may be given several times.")
    ],
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Create a key of the API and print it, once: only its hash is stored."""
    key_id = new_id()
    key = f"sb_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.transaction() as unit:
            add_key(
                unit,
                ApiKey(
                    program_id=chosen.id,
                    id=key_id,
                    name=name,
                    hash=hashlib.sha256(key.encode()).hexdigest(),
                    scopes=tuple(dict.fromkeys(scope)),
                    created_at_ms=real_ms(),
                ),
            )
    say(key)
