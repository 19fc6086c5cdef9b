"""Send a program's facts to a URL."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.ids import new_id
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.subscribing import (
    NOTHING_SAID,
    EndpointOptions,
    SecretFile,
    Signature,
    asked_for,
    refused,
    secret_in,
    spelled,
    workshop_of,
)
from stampbook.delivery.showing import revealed
from stampbook.delivery.subscribing import CreateEndpoint, EndpointError, create
from stampbook.dialects import catalogue
from stampbook.program.problems import choose_from
from stampbook.store.endpoints import add_endpoint
from stampbook.store.subscriptions import spoken
from stampbook.values.ids import EndpointId
from stampbook.values.instants import to_ms


def command(
    url: Annotated[str, Parameter(help="Where the webhooks go: http or https.")],
    /,
    *,
    dialect: Annotated[
        str, Parameter(help="How they read on the wire (default: native).")
    ] = "native",
    options: EndpointOptions = NOTHING_SAID,
    signature: Signature = None,
    secret_file: SecretFile = None,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Send a program's facts to a URL, and print its id and its secret, the latter once.

    The secret signs every webhook; it is stored encrypted. Of the signature v1a the public key is
    printed, and the private one is told to nobody. `stampbook facts types` lists the kinds of
    facts, and what each dialect calls them.
    """
    _check(dialect, options.events or ())
    given = {
        "url": url,
        "dialect": dialect,
        "signature": signature,
        "secret": secret_in(secret_file),
        **options.given(),
    }
    asked = asked_for(CreateEndpoint, given)
    workshop = workshop_of(database)
    try:
        made = create(asked, EndpointId(new_id()), workshop)
    except EndpointError as error:
        raise refused(error) from error
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.transaction() as unit:
            add_endpoint(unit, chosen.id, made.endpoint, to_ms(workshop.now))
    say(f"{made.endpoint.id}\n{spelled(revealed(made.secrets))}")


def _check(dialect: str, events: tuple[str, ...]) -> None:
    """See that there is such a dialect, and that it sends such facts.

    Errors: CommandError, which guesses what was meant.
    """
    if dialect not in catalogue():
        raise CommandError(f"There is no dialect {dialect}.", choose_from(dialect, catalogue()))
    for name in events:
        if name not in spoken(dialect):
            raise CommandError(
                f"The dialect {dialect} sends no {name}.", choose_from(name, spoken(dialect))
            )
