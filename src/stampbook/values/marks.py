"""Marks: what stands in a vendor's words for something that only its dialect can spell."""

from enum import Enum

from msgspec import Struct

from stampbook.values.instants import Instant
from stampbook.values.uuids import DefinedKind


class Own(Enum):
    """What only the fact as stored knows of itself."""

    ID = "id"
    AT = "at"
    """When it happened."""


class Defined(Struct, frozen=True):
    """Something of the program's definition, by the merchant's own key."""

    kind: DefinedKind
    key: str


class Written(Struct, frozen=True):
    """An instant as a person reads it."""

    at: Instant
