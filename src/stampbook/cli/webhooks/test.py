"""Send a sample to an endpoint, and show what it answers."""

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from stampbook.cli.terminal.errors import FAILED, CommandError, complain
from stampbook.cli.terminal.output import say, tell
from stampbook.cli.terminal.remote import AS_CONFIGURED, ServerOptions, opened_server
from stampbook.core.delivery import RECEIVED
from stampbook.program.problems import choose_from
from stampbook.triggers.naming import facts_named, known_names
from stampbook.values.json import encode_text


def command(
    endpoint: Annotated[str, Parameter(name="ENDPOINT_ID", help="The id of the endpoint.")],
    /,
    *,
    type_: Annotated[
        str | None,
        Parameter(
            name="--type",
            help="A kind of fact, or what a vendor calls it (default: one that it is sent).",
        ),
    ] = None,
    json: Annotated[bool, Parameter(help="Print all of it as one line of JSON.")] = False,
    server: ServerOptions = AS_CONFIGURED,
) -> int:
    """Send a sample to an endpoint at once, and show what it answers.

    Nothing has happened: the sample is an example, signed as the endpoint's webhooks are, and its
    header stampbook-test says so. It is no delivery, and the answer changes nothing. It exits with
    1 when the endpoint does not take it. The key needs the scope admin.
    """
    body = {} if type_ is None else {"type": _fact(type_)}
    with opened_server(server) as api:
        sent = api.call("POST", f"/v1/endpoints/{quote(endpoint, safe='')}/test", body)
    if json:
        say(encode_text(sent))
    else:
        _show(sent)
    if sent["status_code"] in RECEIVED:
        return 0
    came = sent["status_code"] or f"no answer: {sent['error']}"
    complain(f"The endpoint did not take it: {came}.", "Answer 2xx to what is genuine.")
    return FAILED


def _fact(name: str) -> str:
    found = facts_named(name)
    if not found:
        raise CommandError(f"There is no fact {name}.", choose_from(name, known_names()))
    return found[0]


def _show(sent: Any) -> None:
    say(f"{sent['type']} to {sent['url']}")
    tell(["header", "value"], sorted(sent["headers"].items()))
    came = f"{sent['status_code']}" if sent["status_code"] else f"No answer: {sent['error']}"
    say(f"{came}, {sent['duration_ms']} ms")
    if sent["excerpt"]:
        say(sent["excerpt"])
