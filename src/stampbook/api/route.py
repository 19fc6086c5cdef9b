"""A route: one method of one path, said once; the handler and the document are made from it.

A file in `routes/` holds the routes of one noun. They are found by walking that folder.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules
from re import findall
from typing import Any, Literal, Protocol

from msgspec import Struct

from stampbook.api import routes
from stampbook.api.desk import Desk
from stampbook.api.exchange import BODY_BYTES_MAX
from stampbook.api.problem import ProblemKind
from stampbook.commands import Command
from stampbook.core.refusals import RefusalCode
from stampbook.store.backend import Unit

__all__ = [
    "Answer",
    "AnyRoute",
    "Noun",
    "Poll",
    "Route",
    "Run",
    "Submit",
    "Write",
    "catalogue",
    "takes_key",
]

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
KeyScope = Literal["read", "write", "admin"]

SCOPES: dict[KeyScope, str] = {
    "read": "Read members, transactions, facts, endpoints and the program.",
    "write": "Enrol, award, redeem and everything else that members and shops do.",
    "admin": "Change the program, its webhooks, its coupon pools and its test clock.",
}


class Route(Struct, frozen=True, kw_only=True):
    """One method of one path.

    Shapes: each `{name}` of the path is a field of `asks`; its other fields are the query's
    parameters of a GET or a DELETE, and the body's of any other method.
    """

    method: Method
    path: str
    summary: str
    scope: KeyScope
    asks: type[Struct]
    gives: type[Struct]
    status: int = 200
    refuses: tuple[RefusalCode | ProblemKind, ...] = ()
    """Which codes it may answer beside those that every route may."""
    media_types: tuple[str, ...] = ()
    """Of a body that is a text and no JSON; the fields of `asks` are then the query's."""
    body_bytes_max: int = BODY_BYTES_MAX
    example: Mapping[str, Any] | str | None = None
    """A body."""

    @property
    def path_names(self) -> tuple[str, ...]:
        """The names of the path's parameters in their order."""
        return tuple(findall(r"{(\w+)}", self.path))

    @property
    def reads_query(self) -> bool:
        """Tell whether all parameters are in the path and the query."""
        return self.method in {"GET", "DELETE"} or self.reads_text

    @property
    def reads_text(self) -> bool:
        """Tell whether the body is a text."""
        return bool(self.media_types)


class Submit(Route, frozen=True, kw_only=True):
    """A route that submits a command to the engine; `asks` is the command unless `makes` is set."""

    makes: Callable[[Any], Command] | None = None

    @property
    def operation(self) -> str:
        """The name of the operation: the command's."""
        return _snake(self.asks.__name__)


class Answer(Route, frozen=True, kw_only=True):
    """A route that answers from the store and changes nothing.

    Shapes: its function, like those of the routes below, runs in a thread of its own and raises a
    request error as ProblemError.
    """

    answers: Callable[[Desk, Any], Struct]

    @property
    def operation(self) -> str:
        """The name of the operation: the function's."""
        return self.answers.__name__


class Poll(Route, frozen=True, kw_only=True):
    """A route whose function is called again until what it gives `says` something.

    Shapes: `asks` has `wait_seconds`, the longest that it waits. It may hand things out, but what
    nobody hears of comes again by itself, so no key is needed to ask again.
    """

    polls: Callable[[Desk, Any], Struct]
    says: Callable[[Any], bool]

    @property
    def operation(self) -> str:
        """The name of the operation: the function's."""
        return self.polls.__name__


class Write(Route, frozen=True, kw_only=True):
    """A route that changes, in one transaction, what no command changes."""

    writes: Callable[[Desk, Unit, Any], Struct]
    """Writes in the transaction that also keeps the answer under the caller's Idempotency-Key.

    Shapes: it is called again when other writers were in the way. What it raises undoes it.
    """
    prepares: Callable[[Desk, Any], Any] | None = None
    """Reads more out of the request before the transaction begins, and from nothing else; what it
    gives is handed to `writes` in place of the request."""

    @property
    def operation(self) -> str:
        """The name of the operation: the function's."""
        return self.writes.__name__


class Ran(Protocol):
    """What a run did, and whether it came to its end."""

    @property
    def finished(self) -> bool:
        """Tell whether nothing is left to do."""
        ...


class Run(Route, frozen=True, kw_only=True):
    """A route that works in many transactions for a bounded time; asked again, it goes on.

    Shapes: `prepares` says once what is to be done, and an Idempotency-Key remembers it, so that a
    request that is sent again goes on with the same. Source: decisions/0010.
    """

    runs: Callable[[Desk, Any], Ran]
    prepares: Callable[[Desk, Any], Struct]
    prepared: type[Struct]
    """What `prepares` gives, and `runs` is given."""

    @property
    def operation(self) -> str:
        """The name of the operation: the function's."""
        return self.runs.__name__


AnyRoute = Submit | Answer | Poll | Write | Run


def takes_key(route: AnyRoute) -> bool:
    """Tell whether a route does what is to be done once, and so takes an Idempotency-Key."""
    return not isinstance(route, Answer | Poll)


class Noun(Struct, frozen=True, kw_only=True):
    """The routes of one noun."""

    name: str
    description: str
    routes: tuple[AnyRoute, ...]


@cache
def catalogue() -> tuple[Noun, ...]:
    """Give the routes by noun, found by walking the folder; nouns in alphabetical order."""
    found: list[Noun] = []
    for module in iter_modules(routes.__path__, f"{routes.__name__}."):
        noun = import_module(module.name)
        name = module.name.rpartition(".")[2].replace("_", " ")
        found.append(Noun(name=name, description=_said(noun.__doc__ or ""), routes=noun.ROUTES))
    return tuple(found)


def _said(docstring: str) -> str:
    """Give what a docstring says after the noun."""
    said = cleandoc(docstring).partition(": ")[2]
    return said[:1].upper() + said[1:]


def _snake(name: str) -> str:
    return "_".join(findall("[A-Z][a-z]*", name)).lower()
