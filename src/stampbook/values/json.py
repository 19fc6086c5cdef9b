"""JSON, one spelling everywhere: compact, ISO dates in UTC."""

from functools import cache
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import fields, replace

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_sorted = msgspec.json.Encoder(order="sorted")
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def encode(value: Any) -> bytes:
    """Spell a value as JSON."""
    return _encoder.encode(value)


def encode_text(value: Any) -> str:
    """Spell a value as JSON text."""
    return _encoder.encode(value).decode()


def canonical(value: Any) -> bytes:
    """Spell a value so that equal values give equal bytes: keys are sorted."""
    return _sorted.encode(value)


def decode(text: bytes | str, kind: type[T]) -> T:
    """Read JSON as a type.

    Errors: msgspec.DecodeError for broken JSON, msgspec.ValidationError naming the path.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    return decoder.decode(text)


class Spellings:
    """Records that stand in several documents, each of them spelt once.

    Shapes: records are frozen, and kept here, so that none takes the place of another in memory.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, tuple[Struct, bytes]] = {}

    def of(self, record: Struct) -> bytes:
        """Spell a record, or give how it was spelt before."""
        known = self._known.get(id(record))
        if known is None:
            known = self._known[id(record)] = (record, _encoder.encode(record))
        return known[1]

    def text(self, record: Struct) -> str:
        """Spell a record as text."""
        return self.of(record).decode()

    def whole(self, document: Struct) -> bytes:
        """Spell a document with the records that stand in it."""
        parts: dict[str, Any] = {}
        for name in _records_in(type(document)):
            record = getattr(document, name)
            if record is not None:
                parts[name] = Raw(self.of(record))
        return _encoder.encode(replace(document, **parts) if parts else document)


@cache
def _records_in(document: type[Struct]) -> tuple[str, ...]:
    """Give the fields of a document that hold a record."""
    kinds = {field.name: (field.type, *get_args(field.type)) for field in fields(document)}
    return tuple(
        name
        for name, some in kinds.items()
        if any(isinstance(kind, type) and issubclass(kind, Struct) for kind in some)
    )
