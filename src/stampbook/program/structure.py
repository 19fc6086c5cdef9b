"""Structure: every key and value of a tree that the definition's types do not accept, at once."""

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, TypeGuard, Union, cast, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import fields

from stampbook.program.expectations import expectation
from stampbook.program.problems import Flaw, Path, choose_from, nearest

NAMES: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
    NoneType: "nothing",
}

SPELLED_MAX = 40
"""Units: characters of a wrong value in a message."""


def structure_flaws(tree: Any, kind: Any, path: Path = ()) -> Iterator[Flaw]:
    """Give every place where a tree of JSON does not fit a type.

    Shapes: no flaw means that msgspec.convert accepts the tree.
    """
    inner, length_max = _bare(kind)
    if _is_struct(inner) and isinstance(tree, dict):
        yield from _struct_flaws(cast("dict[str, Any]", tree), inner, path)
    elif get_origin(inner) is tuple and isinstance(tree, list):
        items = cast("list[Any]", tree)
        for index, item in enumerate(items):
            yield from structure_flaws(item, get_args(inner)[0], (*path, index))
        if length_max is not None and len(items) > length_max:
            yield Flaw(path, f"has {len(items)} items.", f"Keep at most {length_max}.")
    else:
        yield from _value_flaws(tree, kind, path)


def _struct_flaws(tree: dict[str, Any], kind: type[Struct], path: Path) -> Iterator[Flaw]:
    known = {field.encode_name: field for field in fields(kind)}
    required = {key for key, field in known.items() if field.required}
    for key, value in tree.items():
        if key in known:
            yield from structure_flaws(value, known[key].type, (*path, key))
            continue
        meant = nearest(key, known)
        required.discard(meant)  # a key that is misspelt is not missing as well
        yield Flaw((*path, key), "is not a known key.", choose_from(key, known))
    for key, field in known.items():
        if key in required and key not in tree:
            yield Flaw((*path, key), "is missing.", f"Give {expectation(field.type)}.")


def _value_flaws(value: Any, kind: Any, path: Path) -> Iterator[Flaw]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        yield Flaw(path, f"is {_spell(value)}.", f"Give {expectation(kind)}.")


def _spell(value: Any) -> str:
    if value == "":
        return "empty"
    name = next((name for kind, name in NAMES.items() if isinstance(value, kind)), "a value")
    if value is None or isinstance(value, dict | list):
        return name
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{name} ({text if len(text) <= SPELLED_MAX else f'{text[:SPELLED_MAX]}…'})"


def _bare(kind: Any) -> tuple[Any, int | None]:
    """Give a type without its annotation and without None, and the length it is limited to."""
    length_max: int | None = None
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind, *metas = get_args(kind)
            lengths = [meta.max_length for meta in metas if isinstance(meta, Meta)]
            length_max = next((length for length in lengths if length is not None), length_max)
        elif origin in {Union, UnionType}:
            options = [option for option in get_args(kind) if option is not NoneType]
            if len(options) != 1:
                return kind, length_max
            kind = options[0]
        else:
            return kind, length_max


def _is_struct(kind: Any) -> TypeGuard[type[Struct]]:
    return isinstance(kind, type) and issubclass(kind, Struct)
