"""Dialects: the grammar of a wire format, one file each; the file's name is the dialect's.

A dialect frames, batches, dates and signs. What it calls a fact, and how the fact's data reads in
its words, is said by the fact.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from msgspec import Struct

from stampbook.facts import FactType
from stampbook.nouns.business import Business
from stampbook.nouns.examples import EXAMPLE_NOW
from stampbook.values.ids import FactId, RequestId
from stampbook.values.instants import Instant
from stampbook.values.json import encode_text

__all__ = ["Dialect", "Letter", "StoredFact", "catalogue", "example_of"]


class StoredFact(Struct, frozen=True, kw_only=True):
    """A fact as the store holds it.

    Shapes: `body` is the fact's structure as JSON text; `cause` is the one inside it.
    """

    id: FactId
    type: str
    cause: str
    occurred_at: Instant
    recorded_at: Instant
    body: str


class Letter(Struct, frozen=True):
    """A body that is ready to be signed, what the dialect calls its facts, and the media type."""

    event_type: str
    body: bytes
    content_type: str = "application/json"


def _whole(body: Any) -> Any:
    return body


class Dialect(Struct, frozen=True, kw_only=True):
    """How facts read on the wire.

    Shapes: `batch_size` is the most facts of one body, all of one type and one cause; an endpoint
    may want fewer. `event_types` gives the types that the dialect may send for a kind of fact, none
    when it has no word and sends nothing. `render` gives the body of 1 to `batch_size` facts, equal
    bytes for equal arguments, so that a retry sends what was sent before; the business is given to
    a dialect that `names_business`. `sign` gives the headers that prove a letter, from the secrets
    in force, newest first, the id that a receiver tells a repetition by, and the real time of the
    attempt; a dialect that `shares_secret` has a signature of its own, for which one of the secrets
    must be known to both sides.
    """

    title: str
    batch_size: int
    usual_batch_size: int | None = None
    """What an endpoint gets that asks for no size; None is `batch_size`."""
    names_business: bool = False
    shares_secret: bool = False
    event_types: Callable[[FactType], tuple[str, ...]]
    render: Callable[[Sequence[StoredFact], RequestId, Business | None], Letter]
    event: Callable[[Any], Any] = _whole
    """Gives the first event of a body that was read as a tree."""
    sign: Callable[[Letter, Sequence[str], RequestId, Instant], dict[str, str]]

    @property
    def usual_size(self) -> int:
        """The most facts of one body, for an endpoint that asks for no size."""
        return self.usual_batch_size or self.batch_size

    @property
    def name(self) -> str:
        """The dialect's name, made from the path of the file."""
        return self.render.__module__.removeprefix(f"{__name__}.")


@cache
def catalogue() -> Mapping[str, Dialect]:
    """Give every dialect by name, found by walking this folder."""
    found: dict[str, Dialect] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        dialect: Dialect = import_module(module.name).DIALECT
        found[dialect.name] = dialect
    return found


def example_of(kind: FactType, fact_id: FactId) -> StoredFact:
    """Give a kind's example as the store would hold it: for test events and the reference."""
    data = kind.example()
    return StoredFact(
        id=fact_id,
        type=kind.name,
        cause=data.cause,
        occurred_at=EXAMPLE_NOW,
        recorded_at=EXAMPLE_NOW,
        body=encode_text(data),
    )
