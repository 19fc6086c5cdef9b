"""Schemas: the JSON Schemas of the document, made from the structures that are read and sent."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
from typing import Any, cast, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import fields

REF = "#/components/schemas/"

SUFFIXES = {
    "stampbook.facts.": "Fact",
    "stampbook.commands.": "Result",
    "stampbook.program.": "InDefinition",
    "stampbook.api.": "",
}
"""What tells structures of one name apart, by the package that they come from."""


class Schemas(Struct, frozen=True):
    """Schemas of types in their order, and the components that they refer to by name."""

    of: tuple[dict[str, Any], ...]
    components: dict[str, dict[str, Any]]


def schemas_of(types: Sequence[Any], sent: Iterable[Any]) -> Schemas:
    """Make the schemas of types; every component tells what its fields mean.

    Shapes: `sent` are those types that are only written: all of their fields are there, and a
    default of theirs is how an old record is read.
    """
    made, components = msgspec.json.schema_components(types, ref_template=REF + "{name}")
    kinds = {
        name: kind
        for kind in structures(types)
        for name in (kind.__name__, f"{kind.__module__}.{kind.__name__}")
    }
    received = structures(kind for kind in types if kind not in set(sent))
    named: dict[str, dict[str, Any]] = {}
    for name, component in components.items():
        schema = _renamed(component)
        schema["description"] = spelled(cleandoc(schema.get("description", "")))
        for field, text in field_texts(kinds[name]).items():
            schema["properties"][field].setdefault("description", spelled(text))
        if kinds[name] not in received and not kinds[name].__struct_config__.omit_defaults:
            _require_all(schema)
        assert short(name) not in named, name
        named[short(name)] = schema
    return Schemas(tuple(_renamed(schema) for schema in made), named)


def structures(types: Iterable[Any]) -> set[type[Struct]]:
    """Give every structure that types refer to, however deep."""
    found: set[type[Struct]] = set()
    waiting = list(types)
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if isinstance(kind, type) and issubclass(kind, Struct) and kind not in found:
            found.add(kind)
            waiting += [info.type for info in fields(kind)]
    return found


def spelled(text: str) -> str:
    """Spell Python's words in a text as JSON does."""
    return re.sub(r"\bNone\b", "null", text)


def without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema of a parameter, which is absent rather than null."""
    kept = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    if schema.get("default") is not None:
        kept["default"] = schema["default"]
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return kept | choices[0]
    return kept | ({"anyOf": choices} if choices else {})


def short(name: str) -> str:
    """Give a component's name: of several structures of one name, that of a package tells."""
    for package, suffix in SUFFIXES.items():
        if name.startswith(package):
            return name.rpartition(".")[2] + suffix
    return name


@cache
def field_texts(kind: type[Struct]) -> Mapping[str, str]:
    """Give what a structure's source says below its fields, with those it inherits.

    Shapes: a structure made from another one names it as ORIGIN and has its texts.
    """
    texts: dict[str, str] = {}
    for ancestor in reversed(getattr(kind, "ORIGIN", kind).__mro__):
        if ancestor is not Struct and issubclass(ancestor, Struct):
            texts |= _own_texts(ancestor)
    kept = {info.name for info in fields(kind)}
    return {name: text for name, text in texts.items() if name in kept}


def _require_all(schema: dict[str, Any]) -> None:
    schema["required"] = list(schema["properties"])
    for inner in schema["properties"].values():
        inner.pop("default", None)


def _own_texts(kind: type[Struct]) -> dict[str, str]:
    try:
        (definition,) = ast.parse(dedent(getsource(kind))).body
    except (OSError, TypeError):  # made at run time
        return {}
    assert isinstance(definition, ast.ClassDef)
    texts: dict[str, str] = {}
    for field, below in pairwise(definition.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                texts[name] = cleandoc(text)
            case _:
                pass
    return texts


def _renamed(tree: Any) -> Any:
    """Give a schema whose references use the short names."""
    if isinstance(tree, dict):
        branches = cast("dict[str, Any]", tree)
        return {
            key: REF + short(value.removeprefix(REF)) if key == "$ref" else _renamed(value)
            for key, value in branches.items()
        }
    if isinstance(tree, list):
        return [_renamed(branch) for branch in cast("list[Any]", tree)]
    return tree
