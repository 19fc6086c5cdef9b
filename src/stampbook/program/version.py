"""Versions: what a definition says, spelled once, so that equal programs have equal hashes."""

from hashlib import sha256
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from stampbook.core.definition import Definition
from stampbook.values.json import canonical


def definition_hash(definition: Definition) -> str:
    """Give the SHA-256 of what a definition says, in hex.

    Shapes: settings that have their default are left out, so that a definition written before a
    new setting existed keeps its hash. The order of keys and the spelling of numbers do not count.
    """
    return sha256(canonical(_said(definition))).hexdigest()


def said_fields(record: Struct) -> dict[str, Any]:
    """Give the fields of a record that differ from their default."""
    said: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        default = field.default
        if default is NODEFAULT and field.default_factory is not NODEFAULT:
            default = field.default_factory()
        if default is NODEFAULT or value != default:
            said[field.name] = value
    return said


def _said(value: Any) -> Any:
    match value:
        case Struct():
            return {name: _said(item) for name, item in said_fields(value).items()}
        case tuple():
            return [_said(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return msgspec.to_builtins(value)
