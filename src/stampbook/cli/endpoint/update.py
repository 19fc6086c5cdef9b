"""Change an endpoint."""

from typing import Annotated, Literal

from cyclopts import Parameter

from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.ids import new_id
from stampbook.cli.terminal.opening import choose_program, opened_backend
from stampbook.cli.terminal.options import DatabaseOption, ProgramOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.subscribing import (
    NOTHING_SAID,
    EndpointArgument,
    EndpointOptions,
    asked_for,
    known,
    refused,
    workshop_of,
)
from stampbook.delivery.access import Access
from stampbook.delivery.subscribing import EndpointChanges, EndpointError, change
from stampbook.store.activation import Hand, revise
from stampbook.values.instants import to_ms


def command(
    endpoint: EndpointArgument,
    /,
    *,
    url: Annotated[str | None, Parameter(help="Where the webhooks go.")] = None,
    status: Annotated[
        Literal["active", "disabled"] | None,
        Parameter(help="While disabled, it gets no new facts, and what waits for it is held."),
    ] = None,
    options: EndpointOptions = NOTHING_SAID,
    no_access: Annotated[
        bool, Parameter(help="Forget how requests get in beside the signature.")
    ] = False,
    program: ProgramOption = None,
    database: DatabaseOption = None,
) -> None:
    """Change an endpoint: what no option speaks of stays.

    The order and the wait hold for facts that happen from the change on. On another host the access
    must be given anew.
    """
    if no_access and options.access is not None:
        raise CommandError("--access and --no-access exclude each other.", "Give one of them.")
    given = {"url": url, "status": status, **options.given()}
    if no_access:
        given["access"] = Access()
    asked = asked_for(EndpointChanges, given)
    workshop = workshop_of(database)
    with opened_backend(database) as backend:
        chosen = choose_program(backend, program)
        with backend.transaction() as unit:
            before = known(unit, chosen.id, endpoint, lock=True)
            try:
                after = change(before, asked, workshop)
            except EndpointError as error:
                raise refused(error) from error
            hand = Hand(
                cause=f"endpoint update {new_id()}", at_ms=to_ms(workshop.now), new_id=new_id
            )
            revise(unit, chosen.id, before, after, hand)
    say(endpoint)
