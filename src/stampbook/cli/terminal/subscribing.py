"""Options of endpoints, read into the same requests that the API takes."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from stampbook.api.problem import REQUEST_PROBLEMS
from stampbook.bootstrap import destinations, master_keys
from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.settings import configuration
from stampbook.delivery.access import Access
from stampbook.delivery.secrets import Vault
from stampbook.delivery.showing import Revealed
from stampbook.delivery.subscribing import EndpointError, Workshop
from stampbook.engine.clock import real_ms
from stampbook.store.backend import Unit
from stampbook.store.endpoints import Endpoint, find_endpoint
from stampbook.values.ids import ProgramId
from stampbook.values.instants import from_ms
from stampbook.values.json import decode

ALL, NONE = "all", "none"

EndpointArgument = Annotated[str, Parameter(help="The endpoint's id.")]
Signature = Annotated[
    Literal["v1", "v1a"] | None,
    Parameter(help="v1 signs with a shared secret, v1a with a private key (default: v1)."),
]
SecretFile = Annotated[
    Path | None,
    Parameter(help="A file that holds the secret to sign with, such as /dev/stdin."),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class EndpointOptions:
    """What an owner may want of an endpoint; nothing, of what is left as it is."""

    event: Annotated[
        tuple[str, ...],
        Parameter(help="A kind of fact to send, or `all`; may be given several times."),
    ] = ()
    only_with: Annotated[
        tuple[str, ...],
        Parameter(
            help="A field that must have a value, as the dialect spells it, or `none`; may be "
            "given several times."
        ),
    ] = ()
    description: Annotated[str | None, Parameter(help="What it is for.")] = None
    ordering: Annotated[
        Literal["none", "member", "endpoint"] | None,
        Parameter(
            help="Whose facts arrive strictly one after another: nobody's, each member's, or all."
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        Parameter(help="The most facts of one request, in a dialect that sends several."),
    ] = None
    batch_wait_ms: Annotated[
        int | None, Parameter(help="How long a fact waits for others to travel with.")
    ] = None
    retry_delay: Annotated[
        tuple[int, ...],
        Parameter(
            help="Seconds to wait after a failed try; may be given several times: for the first "
            "try, the second, and so on."
        ),
    ] = ()
    when_stuck: Annotated[
        Literal["pass", "wait"] | None,
        Parameter(help="What follows when the tries run out: a dead letter, or tries for ever."),
    ] = None
    in_flight_max: Annotated[
        int | None, Parameter(help="The most requests on their way at once from one worker.")
    ] = None
    rate_per_second: Annotated[
        float | None, Parameter(help="The most requests in a second; 0 is no limit.")
    ] = None
    timeout_seconds: Annotated[
        int | None, Parameter(help="How long one request may take in all.")
    ] = None
    access: Annotated[
        Path | None,
        Parameter(
            help="A JSON file that says how requests get in, as the API takes it, such as "
            "/dev/stdin."
        ),
    ] = None

    def given(self) -> dict[str, Any]:
        """Give what was given, by the names that the requests have for it.

        Errors: CommandError for a file that cannot be read, or does not say how to get in.
        """
        conduct: dict[str, Any] = {
            "retry_delays_seconds": self.retry_delay or None,
            "when_stuck": self.when_stuck,
            "in_flight_max": self.in_flight_max,
            "rate_per_second": self.rate_per_second,
            "timeout_seconds": self.timeout_seconds,
        }
        conduct = {name: value for name, value in conduct.items() if value is not None}
        if self.rate_per_second == 0:
            conduct["rate_per_second"] = None
        return {
            "event_types": self.events,
            "only_with": _several(self.only_with, NONE),
            "description": self.description,
            "ordering": self.ordering,
            "batch_size": self.batch_size,
            "batch_wait_ms": self.batch_wait_ms,
            "conduct": conduct or None,
            "access": None if self.access is None else _access_in(self.access),
        }

    @property
    def events(self) -> tuple[str, ...] | None:
        """The chosen kinds of facts; none is every kind."""
        return _several(self.event, ALL)


NOTHING_SAID = EndpointOptions()

S = TypeVar("S", bound=Struct)


def workshop_of(database: str | None) -> Workshop:
    """Give what endpoints are made with, now and by the settings."""
    settings = configuration(database).settings
    return Workshop(
        vault=Vault(master_keys(settings)),
        random_bytes=os.urandom,
        now=from_ms(real_ms()),
        destinations=destinations(settings),
    )


def known(unit: Unit, program_id: ProgramId, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """Give an endpoint.

    Errors: CommandError when there is none.
    """
    endpoint = find_endpoint(unit, program_id, endpoint_id, lock=lock)
    if endpoint is None:
        raise CommandError(
            f"There is no endpoint {endpoint_id}.", "List them: stampbook endpoint list"
        )
    return endpoint


def asked_for(kind: type[S], given: dict[str, Any]) -> S:
    """Read options into a request; one that is None was not given.

    Errors: CommandError for a value out of its limits.
    """
    try:
        return msgspec.convert({k: v for k, v in given.items() if v is not None}, kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        option = place.strip("`$.").removeprefix("conduct.").replace("_", "-")
        raise CommandError(f"--{option}: {what}.", "Correct the option.") from error


def secret_in(path: Path | None) -> str | None:
    """Read a secret from a file, so that it stands in no list of processes."""
    return None if path is None else _text(path).strip()


def refused(error: EndpointError) -> CommandError:
    """Give what is said on the command line about an endpoint that cannot be."""
    kind = REQUEST_PROBLEMS[error.code]
    return CommandError(error.detail or kind.title, kind.remedy)


def spelled(told: Revealed) -> str:
    """Spell what the owner is told of new secrets, each on a line."""
    return "\n".join(text for text in (told.secret, told.public_key) if text is not None)


def _several(texts: tuple[str, ...], nothing: str) -> tuple[str, ...] | None:
    """Give the texts of an option that may be given several times, which has a word for none."""
    return tuple(sorted(set(texts) - {nothing})) if texts else None


def _access_in(path: Path) -> Access:
    try:
        return decode(_text(path), Access)
    except msgspec.DecodeError as error:  # its message quotes nothing
        raise CommandError(
            f"{path} does not say how to get in: {error}.",
            "Write it as the API takes it: see docs/how-to/secure-a-webhook.md.",
        ) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read.", "Name a file of text.") from error
