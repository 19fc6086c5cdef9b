"""A message: one request of the sender, read; it carries one event, or a batch of them."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Raw, Struct

DialectName = Literal["native", "zinrelo", "nector", "cloudevents"]


class Unknown(Struct, frozen=True):
    """Stands for the data of a type that this version does not know: look into the event's `raw`.

    A sender that is newer than its consumer says more. Answer 2xx and go on.
    """


Known_co = TypeVar("Known_co", covariant=True)


class Event(Struct, Generic[Known_co], frozen=True, kw_only=True):
    """Something that happened, told once or several times.

    Shapes: `id` is the same each time that the event is told, so it is what to remember;
    `data` is the structure of the type, with the fields that this version knows.
    """

    id: str
    type: str
    """As the dialect calls it."""
    occurred_at: datetime | None
    """None where the dialect does not say it; of a Zinrelo batch: when the latest happened."""
    data: Known_co | Unknown
    source: Raw
    """The data as it came."""

    @property
    def raw(self) -> dict[str, Any]:
        """Give the data as a tree, with what this version does not know."""
        return msgspec.json.decode(self.source, type=dict[str, Any])


class Message(Struct, Generic[Known_co], frozen=True, kw_only=True):
    """One request.

    Shapes: `id` is the same on each try. `sequence` counts what this endpoint was sent, from 1
    without a gap; None when the sender does not count.
    """

    dialect: DialectName
    id: str
    sequence: int | None
    events: tuple[Event[Known_co], ...]
    source: bytes
    """The body as it came."""

    @property
    def raw(self) -> Any:
        """Give the whole body as a tree: a dict, or a list for a batch of CloudEvents."""
        return msgspec.json.decode(self.source)
