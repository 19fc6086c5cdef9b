"""Send a program's facts to a URL."""

import os
from typing import Annotated

from cyclopts import Parameter

from stampbook.bootstrap import master_keys
from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.ids import new_id
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.settings import configuration
from stampbook.delivery.secrets import Vault, new_secret
from stampbook.dialects import catalogue
from stampbook.engine.clock import real_ms
from stampbook.program.problems import choose_from
from stampbook.store.endpoints import Endpoint, add_endpoint
from stampbook.store.subscriptions import spoken
from stampbook.values.egress import is_receiver
from stampbook.values.ids import EndpointId
from stampbook.values.instants import from_ms

URL_MAX = 2048


def command(
    url: Annotated[str, Parameter(help="Where the webhooks go: http or https.")],
    /,
    *,
    dialect: Annotated[
        str, Parameter(help="How they read on the wire (default: native).")
    ] = "native",
    event: Annotated[
        tuple[str, ...],
        Parameter(help="A kind of fact to send; may be given several times (default: all)."),
    ] = (),
    only_with: Annotated[
        tuple[str, ...],
        Parameter(
            help="A field that must have a value, as the dialect spells it; may be given several "
            "times."
        ),
    ] = (),
    description: Annotated[str, Parameter(help="What it is for.")] = "",
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Send a program's facts to a URL, and print its id and its secret, the latter once.

    The secret signs every webhook; it is stored encrypted. `stampbook facts types` lists the kinds
    of facts, and what each dialect calls them.
    """
    _check(url, dialect, event)
    secret = new_secret(os.urandom)
    vault = Vault(master_keys(configuration(database).settings))
    now_ms = real_ms()
    endpoint = Endpoint(
        id=EndpointId(new_id()),
        url=url,
        dialect=dialect,
        event_types=tuple(sorted(set(event))),
        secrets=vault.seal([secret]),
        batch_size=catalogue()[dialect].batch_size,
        status="active",
        created_at=from_ms(now_ms),
        updated_at=from_ms(now_ms),
        description=description,
        only_with=tuple(sorted(set(only_with))),
    )
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.transaction() as unit:
            add_endpoint(unit, chosen.id, endpoint, now_ms)
    say(f"{endpoint.id}\n{secret}")


def _check(url: str, dialect: str, events: tuple[str, ...]) -> None:
    """See that webhooks can go there.

    Errors: CommandError for a URL, a dialect or a kind of fact that is not one.
    """
    if dialect not in catalogue():
        raise CommandError(f"There is no dialect {dialect}.", choose_from(dialect, catalogue()))
    for name in events:
        if name not in spoken(dialect):
            raise CommandError(
                f"The dialect {dialect} sends no {name}.", choose_from(name, spoken(dialect))
            )
    if len(url) > URL_MAX or not is_receiver(url):
        raise CommandError(
            f"{url} is no URL to send to.",
            "Give http:// or https:// and a host, without a user or a fragment.",
        )
