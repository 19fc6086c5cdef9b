"""Destinations: where else than over HTTP facts go, one file each, named as its extra.

The body is the one that goes over HTTP, and the headers travel with it as the destination's own,
so a consumer verifies it with the code of a webhook receiver. A message has arrived when the
broker has acknowledged that it keeps it; then the answer reads as a status of 200.

A destination imports its library at the top, so only those that were chosen are imported.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

from msgspec import Struct

from stampbook.delivery.call import Request, Response
from stampbook.delivery.gate import Gate
from stampbook.delivery.locator import Locator, locate, scheme_of

WEBHOOK_ID = "webhook-id"


class DestinationError(Exception):
    """A destination was chosen that is not there: which, and what to do."""


class Publisher(Protocol):
    """A connection to a broker. One event loop owns it; several may publish at a time."""

    @property
    def is_open(self) -> bool:
        """Tell whether it can still be used."""
        ...

    async def publish(self, request: Request) -> str:
        """Send a message, and give the broker's receipt once the broker keeps the message.

        Shapes: messages leave in the order of the calls. It may be given up by cancelling it.
        Errors: RefusedError, after which the connection can still be used; LostError, after which
        it cannot.
        """
        ...

    async def close(self) -> None:
        """Close the connection; what was not acknowledged may have arrived or not."""
        ...


class Broker(Struct, frozen=True, kw_only=True):
    """A destination that is spoken to over kept connections.

    Shapes: `read` gives what `connect` needs, or raises ValueError with what is wrong with the
    URL; it does no I/O. `connect` raises RefusedError or LostError.
    """

    title: str
    schemes: tuple[str, ...]
    read: Callable[[Locator], Any]
    connect: Callable[[Any, Gate], Awaitable[Publisher]]


class WebService(Struct, frozen=True, kw_only=True):
    """A destination that is spoken to over HTTP, in words of its own.

    Shapes: `read` as of a broker. `write` gives the request in the service's words, and `judge`
    gives the answer in ours: 2xx only for a message that the service keeps.
    """

    title: str
    schemes: tuple[str, ...]
    read: Callable[[Locator], Any]
    write: Callable[[Any, Request], Request]
    judge: Callable[[Response], Response]


Destination = Broker | WebService

Destinations = Mapping[str, Destination]
"""The chosen destinations by scheme."""


def known() -> tuple[str, ...]:
    """Give the name of every destination, found by walking this folder."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def choose(names: Collection[str]) -> Destinations:
    """Give the named destinations by scheme.

    Errors: DestinationError for a name that is not known, or whose extra is not installed.
    """
    chosen: dict[str, Destination] = {}
    for name in names:
        destination = _imported(name)
        chosen |= dict.fromkeys(destination.schemes, destination)
    return chosen


def problem_of(url: str, destinations: Destinations) -> str | None:
    """Say what is wrong with an endpoint's URL, or None; without any I/O and without quoting it."""
    destination = destinations.get(scheme_of(url))
    if destination is None:
        return "this server sends nothing to such URLs: see the setting delivery.destinations"
    try:
        destination.read(locate(url))
    except ValueError as error:
        return str(error)
    return None


def id_of(request: Request) -> str:
    """Give the id by which a repetition is told."""
    return dict(request.headers)[WEBHOOK_ID]


def key_of(request: Request) -> str:
    """Give what keeps related messages together and in order: the request's key, or its id."""
    return request.key or id_of(request)


def _imported(name: str) -> Destination:
    if name not in known():
        raise DestinationError(f"there is no destination {name}: {', '.join(known())}")
    try:
        return import_module(f"{__name__}.{name}").DESTINATION
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("stampbook"):
            raise
        raise DestinationError(f"{name} needs more: install stampbook[{name}]") from None
