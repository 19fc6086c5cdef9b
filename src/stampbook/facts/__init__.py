"""Facts: what can happen, one file each; the path is the name: points/earned.py is points.earned.

A file in a noun's folder holds the fact's structure, when it is sent, an example, and its word in
each dialect. The schemas, the webhook documents, the subscription lists and the contract tests are
made from it. Facts are stored for ever and read again: a field that comes later has a
default, and no limit of a field is tightened.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from msgspec import Struct

from stampbook.nouns.endpoint import EndpointHealth
from stampbook.nouns.member import Member
from stampbook.values.ids import FactId, MemberId
from stampbook.values.instants import Instant

__all__ = [
    "EndpointFact",
    "Fact",
    "FactData",
    "FactHead",
    "FactType",
    "Update",
    "Word",
    "catalogue",
    "type_of",
]


class FactHead(Struct, frozen=True, kw_only=True):
    """What every fact says, whomever it is about.

    Shapes: `sequence` counts the facts about the same member, or the same endpoint, from 1 without
    a gap; `rule_version` is set where a rule of the program decided.
    """

    sequence: int
    cause: str
    """The request or the job that made it happen; facts of one cause travel together."""
    rule_version: int | None = None


class FactData(FactHead, frozen=True, kw_only=True):
    """What every fact about a member says beside its own fields; the structure of native `data`.

    Shapes: `member` is the member right after the fact.
    """

    member: Member


class EndpointFact(FactHead, frozen=True, kw_only=True):
    """What every fact about an endpoint says: how it is right after the fact, and why.

    Shapes: it is sent to every other endpoint that asks for it, never to the one it is about.
    """

    endpoint: EndpointHealth
    reason: str
    """The answer that decided, in words."""


class Word(Struct, frozen=True):
    """What a vendor calls a fact, and the fact's data in the vendor's words.

    Shapes: the data is a tree of dicts, lists and scalars; instants and dates stay what they are,
    because their spelling is the dialect's grammar, as is that of the marks of values/marks.py.
    """

    event_type: str
    data: Callable[[Any], dict[str, Any]]
    update: "Update | None" = None

    @property
    def event_types(self) -> tuple[str, ...]:
        """Every type that the vendor may send for the fact, the usual one first."""
        return (self.event_type, self.update.event_type) if self.update else (self.event_type,)

    def type_of(self, data: FactHead) -> str:
        """Give the type that the vendor sends for a fact with this data."""
        is_update = self.update is not None and self.update.holds(data)
        return self.event_types[is_update]


class Update(Struct, frozen=True):
    """What a vendor calls a fact that changes what an earlier one told, where it has a word."""

    event_type: str
    holds: Callable[[Any], bool]


class FactType(Struct, frozen=True, kw_only=True):
    """One kind of fact."""

    data: type[FactHead]
    sent_when: str
    """One sentence for the reference and the console."""
    zinrelo: Word | None
    """None: the dialect has no word for it and sends nothing."""
    nector: Word | None
    example: Callable[[], Any]
    """Gives an instance of `data`."""
    secrets: tuple[str, ...] = ()
    """Texts that are blanked in what is stored, once they have had their time."""

    @property
    def name(self) -> str:
        """The native name, made from the path of the file."""
        return type_of(self.data)


class Fact(Struct, frozen=True, kw_only=True):
    """Something that happened: stored once, never changed."""

    id: FactId
    type: str
    member: MemberId
    occurred_at: Instant
    data: FactData


@cache
def type_of(data: type[FactHead]) -> str:
    """Give the native name of a fact from where its structure is defined."""
    return data.__module__.removeprefix(f"{__name__}.")


@cache
def catalogue() -> Mapping[str, FactType]:
    """Give every kind of fact by its native name, found by walking the folders of nouns."""
    found: dict[str, FactType] = {}
    for noun in iter_modules(__path__, f"{__name__}."):
        if noun.ispkg:
            for module in iter_modules(import_module(noun.name).__path__, f"{noun.name}."):
                fact: FactType = import_module(module.name).FACT
                found[fact.name] = fact
    return found
