"""Take a program's webhooks to a URL on this machine, as they happen."""

import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter
from msgspec import Raw

import stampbook
from stampbook.cli.terminal.errors import FAILED, CommandError, complain
from stampbook.cli.terminal.interrupts import interruptible
from stampbook.cli.terminal.output import say, spell_time
from stampbook.cli.terminal.remote import AS_CONFIGURED, ServerOptions, opened_server
from stampbook.cli.terminal.subscribing import SecretFile, secret_in
from stampbook.consumer import DialectName
from stampbook.core.delivery import RECEIVED
from stampbook.core.listening import is_listener
from stampbook.delivery.call import Policy, system_certificates
from stampbook.delivery.pulling import Pulled
from stampbook.delivery.sender import Sender
from stampbook.engine.clock import real_ms
from stampbook.facts import catalogue as facts
from stampbook.program.problems import choose_from
from stampbook.remote.forwarding import EndedError, Forwarding, Taken, Watch
from stampbook.remote.listener import Listener, News, Wanted
from stampbook.remote.server import RefusedError, Server, UnreachableError
from stampbook.values.egress import is_receiver
from stampbook.values.instants import from_ms
from stampbook.values.json import encode_text

DESCRIPTION = "stampbook listen"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a new listener is sent, and what signs it."""

    event: Annotated[
        tuple[str, ...],
        Parameter(help="A kind of fact to send; may be given several times (default: all)."),
    ] = ()
    dialect: Annotated[
        DialectName, Parameter(help="How they read on the wire (default: native).")
    ] = "native"
    only_with: Annotated[
        tuple[str, ...],
        Parameter(
            help="A field that must have a value, as the dialect spells it; may be given several "
            "times."
        ),
    ] = ()
    secret_file: SecretFile = None


ALL = Wishes()


def command(
    *,
    forward_to: Annotated[
        str | None, Parameter(help="A URL of this machine (default: only show what comes).")
    ] = None,
    wishes: Wishes = ALL,
    endpoint: Annotated[
        str | None, Parameter(help="The id of a listener that was kept, instead of a new one.")
    ] = None,
    keep: Annotated[
        bool, Parameter(help="Leave the listener, so that what happens meanwhile is not missed.")
    ] = False,
    print_secret: Annotated[bool, Parameter(help="Show what verifies the webhooks.")] = False,
    skip_verify: Annotated[
        bool, Parameter(help="Do not check the certificate of an https URL of this machine.")
    ] = False,
    format_: Annotated[
        Literal["text", "json"],
        Parameter(name="--format", help="json shows headers and body, a line for each request."),
    ] = "text",
    server: ServerOptions = AS_CONFIGURED,
) -> int:
    """Take a program's webhooks to a URL on this machine, as they happen, until Ctrl-C.

    It asks a server for them, so nothing needs to reach this machine. What the URL answers is
    reported: a failure is tried again, and ends as a dead letter, as it would with any endpoint.
    Resends and replays come here too. The key needs the scope admin. Its listener is removed at
    the end, unless it is kept; one that nobody listens to is disabled after a day.
    """
    _check(forward_to, wishes)
    if endpoint is not None and wishes.secret_file is not None:
        raise CommandError(
            "A listener that was kept has its secret.",
            f"Give it another one: stampbook endpoint rotate {endpoint} --secret-file FILE",
        )
    printer = _Printer(as_json=format_ == "json")
    with (
        interruptible() as wants_to_stop,
        opened_server(server) as api,
        _listener(api, endpoint, wishes, keep=keep) as listener,
    ):
        printer.begin(listener, forward_to, print_secret=print_secret)
        forwarding = Forwarding(
            api,
            listener,
            url=forward_to,
            sender=_sender(checks_certificates=not skip_verify),
            watch=printer.watch,
            now_ms=real_ms,
        )
        try:
            forwarding.run(wants_to_stop)
        except EndedError as error:
            complain(f"{error}", f"The listener is {listener.endpoint_id}.")
            return FAILED
    return 0


def _check(forward_to: str | None, wishes: Wishes) -> None:
    if forward_to is not None and not is_receiver(forward_to):
        raise CommandError(
            f"{forward_to} is no URL to send to.", "Give http:// or https:// and a host."
        )
    for name in wishes.event:
        if name not in facts():
            raise CommandError(f"There is no fact {name}.", choose_from(name, facts()))


def _sender(*, checks_certificates: bool) -> Sender[Pulled]:
    return Sender(
        Policy(
            allow_private=True,
            certificates=system_certificates(),
            user_agent=f"Stampbook/{stampbook.__version__}",
            checks_certificates=checks_certificates,
        )
    )


@contextmanager
def _listener(
    api: Server, endpoint: str | None, wishes: Wishes, *, keep: bool
) -> Generator[Listener]:
    """Give the listener that was kept, or a new one, which is removed at the end.

    Errors: CommandError for an endpoint that is no listener; as those of the API.
    """
    if endpoint is not None:
        kept = Listener(api, endpoint)
        url = kept.read()["url"]
        if not is_listener(url):
            raise CommandError(
                f"The endpoint {endpoint} is no listener: its requests are sent to {url}.",
                "Leave out --endpoint, and a listener is made.",
            )
        yield kept
        return
    made = Listener.made(
        api,
        Wanted(
            dialect=wishes.dialect,
            event_types=tuple(sorted(set(wishes.event))),
            only_with=tuple(sorted(set(wishes.only_with))),
            description=DESCRIPTION,
            secret=secret_in(wishes.secret_file),
        ),
    )
    try:
        yield made
    finally:
        if keep:
            _note(f"Kept: stampbook listen --endpoint {made.endpoint_id}")
        else:
            _remove(made)


def _remove(listener: Listener) -> None:
    try:
        listener.remove()
    except RefusedError:  # somebody else has removed it
        pass
    except UnreachableError as error:
        _note(f"The listener {listener.endpoint_id} was not removed: {error}.")


def _note(text: str) -> None:
    """Say something beside what came."""
    print(text, file=sys.stderr, flush=True)


class _Printer:
    """Shows what comes: a line for each event, or one of JSON for each request."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.watch = Watch(
            taken=self._json if as_json else self._lines,
            stands=self._stands,
            lost=lambda why: _note(f"The server cannot be reached: {why}. Trying again."),
            found=lambda: _note("The server is back."),
        )

    def begin(self, listener: Listener, forward_to: str | None, *, print_secret: bool) -> None:
        where = f"forwarding to {forward_to}" if forward_to else "showing what comes"
        _note(f"Listening as {listener.endpoint_id}, {where}. Ctrl-C ends it.")
        if not print_secret:
            return
        if listener.secret is None:
            _note("The secret of a kept listener was shown when it was made.")
        elif self._as_json:
            say(encode_text({"endpoint_id": listener.endpoint_id, "secret": listener.secret}))
        else:
            say(f"Secret: {listener.secret}")
        sys.stdout.flush()

    def _lines(self, taken: Taken) -> None:
        response, pulled = taken.response, taken.pulled
        came = str(response.status_code) if response.status_code else response.error
        again = f"  try {pulled.number}" if pulled.number > 1 else ""
        at = spell_time(from_ms(taken.at_ms))
        for event in pulled.events:
            what = f"{event.type:<26}  {event.id}"
            print(f"{at}  {what}  {came}  {response.duration_ms} ms{again}", flush=True)

    def _json(self, taken: Taken) -> None:
        response, pulled = taken.response, taken.pulled
        line = {
            "at": from_ms(taken.at_ms),
            "events": pulled.events,
            "request_id": pulled.request_id,
            "sequence": pulled.sequence,
            "number": pulled.number,
            "status_code": response.status_code,
            "error": response.error,
            "duration_ms": response.duration_ms,
            "received": response.status_code in RECEIVED,
            "headers": dict(pulled.headers),
            "body": _tree(pulled.body),
        }
        print(encode_text(line), flush=True)

    def _stands(self, news: News) -> None:
        if news.health == "healthy":
            _note("The endpoint is healthy again.")
        else:
            until = f"; nothing comes before {spell_time(news.paused_until)}"
            _note(f"The endpoint is {news.health}{until if news.paused_until else ''}.")


def _tree(body: str) -> Any:
    """Give a body as it is, which is JSON in every dialect so far, or as a text."""
    with suppress(msgspec.DecodeError):
        msgspec.json.decode(body)
        return Raw(body.encode())
    return body
