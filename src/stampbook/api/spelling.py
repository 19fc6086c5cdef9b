"""Spelling: how the docs pages put a JSON Schema into words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from msgspec import Struct

from stampbook.api.schemas import REF
from stampbook.core.members import EMAIL
from stampbook.values.amounts import NO_CONTROL, SOMETHING
from stampbook.values.ids import ID_PATTERN

Tree = Mapping[str, Any]

FORMATS = {"date-time": "instant", "date": "date", "binary": "bytes"}
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "minLength": "{} or more characters",
    "maxLength": "at most {} characters",
    "minItems": "{} or more items",
    "maxItems": "at most {} items",
    "minProperties": "{} or more keys",
    "maxProperties": "at most {} keys",
}
PATTERNS = {
    NO_CONTROL: "one line",
    SOMETHING: "one line",
    ID_PATTERN: "24 hex digits",
    "^[\\x21-\\x7e]{1,255}$": "1 to 255 printable characters without spaces",
    "^[A-Za-z0-9_-]+$": "letters, digits, _ and -",
    r"^\s*-?[0-9]+(\.[0-9]+)?\s*$": "a text such as 12.50",
    EMAIL: "an e-mail address",
}
"""Patterns of ours in words; any other is shown as it is."""


class Part(Struct, frozen=True):
    """A piece of a text, and the schema that it links to."""

    text: str
    link: str | None = None


class Words(Struct, frozen=True):
    """A piece of prose."""

    text: str
    is_code: bool


class Field(Struct, frozen=True, kw_only=True):
    """A row of a table of fields."""

    name: str
    kind: tuple[Part, ...]
    required: bool
    limits: str
    default: str | None
    description: str
    place: str = ""


def field_of(name: str, schema: Tree, *, required: bool, place: str = "") -> Field:
    """Give the row of one property."""
    default = schema.get("default")
    return Field(
        name=name,
        kind=tuple(_kind(schema)),
        required=required,
        limits=", ".join(_limits(schema)),
        default=None if _says_nothing(default) else json.dumps(default),
        description=schema.get("description", ""),
        place=place,
    )


def fields_of(schema: Tree, components: Tree) -> tuple[Field, ...]:
    """Give the rows of an object, or of the object that it refers to."""
    found: Tree = resolved(schema, components)
    required = found.get("required", ())
    return tuple(
        field_of(name, inner, required=name in required)
        for name, inner in found.get("properties", {}).items()
    )


def _says_nothing(default: Any) -> bool:
    """Tell whether a default is only that nothing is set."""
    if isinstance(default, dict):
        return not any(cast("Tree", default).values())
    return default is None or default in ("", (), [])


def resolved(schema: Tree, components: Tree) -> Tree:
    """Follow a reference."""
    return components[schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema


def paragraphs(text: str) -> list[list[Words]]:
    """Split prose into paragraphs of plain and `code` pieces."""
    return [
        [Words(piece, index % 2 == 1) for index, piece in enumerate(block.split("`")) if piece]
        for block in text.split("\n\n")
        if block.strip()
    ]


def _kind(schema: Tree) -> Iterator[Part]:
    match schema:
        case {"$ref": str(ref)}:
            yield Part(ref.removeprefix(REF), ref.removeprefix(REF))
        case {"anyOf": choices}:
            spoken = [choice for choice in choices if not _is_number_too(choice, choices)]
            for index, choice in enumerate(spoken):
                yield from (Part(" or "),) if index else ()
                yield from _kind(choice)
        case {"type": "array", "items": items}:
            yield Part("list of ")
            yield from _kind(items)
        case {"type": "object", "additionalProperties": dict()}:
            yield Part("map to ")
            yield from _kind(cast("Tree", schema["additionalProperties"]))
        case _:
            yield Part(_plain_kind(schema))


def _is_number_too(choice: Tree, choices: Sequence[Tree]) -> bool:
    """Tell whether an integer is said already: every number is allowed."""
    return choice == {"type": "integer"} and {"type": "number"} in choices


def _plain_kind(schema: Tree) -> str:
    match schema:
        case {"enum": values}:
            return ", ".join(f"“{value}”" for value in values)
        case {"const": value}:
            return f"“{value}”"
        case {"format": str(form)}:
            return FORMATS.get(form, form)
        case {"type": "array"}:
            return "list"
        case {"type": str(plain)}:
            return plain
        case _:
            return "anything"


def _limits(schema: Tree) -> Iterator[str]:
    for key, words in LIMITS.items():
        if key in schema:
            yield words.format(schema[key])
    if "pattern" in schema:
        yield PATTERNS.get(schema["pattern"], f"matches {schema['pattern']}")
    for choice in schema.get("anyOf", ()):
        yield from _limits(choice)
