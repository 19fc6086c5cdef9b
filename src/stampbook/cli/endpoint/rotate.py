"""Give an endpoint a new secret."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.subscribing import (
    EndpointArgument,
    SecretFile,
    Signature,
    asked_for,
    known,
    refused,
    secret_in,
    spelled,
    workshop_of,
)
from stampbook.delivery.showing import revealed
from stampbook.delivery.subscribing import EndpointError, Rotation, rotate
from stampbook.store.endpoints import change_endpoint
from stampbook.values.instants import to_ms


def command(
    endpoint: EndpointArgument,
    /,
    *,
    overlap_hours: Annotated[
        int | None,
        Parameter(help="How long the secrets before sign beside it: 0 to 168 (default: 24)."),
    ] = None,
    secret_file: SecretFile = None,
    signature: Signature = None,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Give an endpoint a new secret, and print it, this once.

    Those before sign beside it until the overlap ends, and then never more. Of the signature v1a
    the public key is printed.
    """
    options = {
        "overlap_hours": overlap_hours,
        "secret": secret_in(secret_file),
        "signature": signature,
    }
    asked = asked_for(Rotation, options)
    workshop = workshop_of(database)
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.transaction() as unit:
            before = known(unit, chosen.id, endpoint, lock=True)
            try:
                made = rotate(before, asked, workshop)
            except EndpointError as error:
                raise refused(error) from error
            change_endpoint(unit, chosen.id, made.endpoint, to_ms(workshop.now))
    say(spelled(revealed(made.secrets)))
