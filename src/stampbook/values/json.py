"""JSON, one spelling everywhere: compact, ISO dates in UTC."""

from typing import Any, TypeVar

import msgspec

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
