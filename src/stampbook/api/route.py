"""A route: one method of one path, said once; the handler and the document are made from it.

A file in `routes/` holds the routes of one noun. They are found by walking that folder.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules
from re import findall
from typing import Any, Literal

from msgspec import Struct

from stampbook.api import routes
from stampbook.api.desk import Desk
from stampbook.api.exchange import BODY_BYTES_MAX
from stampbook.api.problem import ProblemKind
from stampbook.commands import Command
from stampbook.core.refusals import RefusalCode

__all__ = ["Answer", "AnyRoute", "Noun", "Route", "Submit", "catalogue"]

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
    """A route that answers from the store, or changes what no command changes."""

    answers: Callable[[Desk, Any], Struct]
    """Runs in a thread of its own; a request error is raised as ProblemError."""

    @property
    def operation(self) -> str:
        """The name of the operation: the function's."""
        return self.answers.__name__


AnyRoute = Submit | Answer


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
