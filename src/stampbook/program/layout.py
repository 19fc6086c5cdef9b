"""Layout: where a definition's fields stand in a TOML file, and which TOML values it can keep.

Shapes: the table `[program]` holds the definition's own fields; the SECTIONS stand beside it.
Days and instants become ISO 8601 texts, so that a definition stored as JSON reads the same.
"""

import math
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, cast

from stampbook.core.definition import Definition
from stampbook.program.problems import Flaw, Path, choose_from

INTEGER_MAX = 2**53
"""Every JSON reader keeps whole numbers up to here."""
DEPTH_MAX = 32
"""Units: tables and lists within one another."""

TABLE = "program"
SECTIONS = (
    "points",
    "tiers",
    "activities",
    "rewards",
    "coupons",
    "campaigns",
    "referrals",
    "winback",
    "reminders",
    "otp",
    "reviews",
    "orders",
)
FIELDS = tuple(key for key in Definition.__struct_fields__ if key not in SECTIONS)
"""The definition's own fields, which stand under `[program]`."""


def plain(value: Any) -> Any:
    """Give a TOML value as JSON has it."""
    match value:
        case dict():
            return {key: plain(item) for key, item in cast("dict[str, Any]", value).items()}
        case list():
            return [plain(item) for item in cast("list[Any]", value)]
        case datetime() | date() | time():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return value


def definition_tree(tree: dict[str, Any]) -> dict[str, Any]:
    """Give the known parts of a file's tree in the shape of the definition."""
    program = tree.get(TABLE)
    own = cast("dict[str, Any]", program) if isinstance(program, dict) else {}
    return {
        **{key: own[key] for key in FIELDS if key in own},
        **{key: tree[key] for key in SECTIONS if key in tree},
    }


def file_path(path: Path) -> Path:
    """Give where a path of the definition stands in the file."""
    return (TABLE, *path) if path and path[0] in FIELDS else path


def layout_flaws(tree: dict[str, Any]) -> Iterator[Flaw]:
    """Give the keys that stand where the file has no place for them."""
    for key in tree:
        if key in FIELDS:
            yield Flaw((key,), "stands outside its table.", f"Write it under [{TABLE}].")
        elif key not in {TABLE, *SECTIONS}:
            yield Flaw((key,), "is not a known table.", choose_from(key, (TABLE, *SECTIONS)))
    program = tree.get(TABLE, {})
    if not isinstance(program, dict):
        yield Flaw((TABLE,), "is not a table.", f"Write [{TABLE}] on a line of its own.")
        return
    for key in cast("dict[str, Any]", program):
        if key in SECTIONS:
            yield Flaw((TABLE, key), "stands in the wrong table.", f"Write it as [{key}].")
        elif key not in FIELDS:
            yield Flaw((TABLE, key), "is not a known key.", choose_from(key, FIELDS))


def unkept_flaws(value: Any, path: Path = ()) -> Iterator[Flaw]:
    """Give the values that JSON would not keep as they are."""
    match value:
        case dict() | list() if len(path) > DEPTH_MAX:
            yield Flaw(path, "nests too deep.", f"Nest at most {DEPTH_MAX} tables and lists.")
        case dict():
            for key, item in cast("dict[str, Any]", value).items():
                yield from unkept_flaws(item, (*path, key))
        case list():
            for index, item in enumerate(cast("list[Any]", value)):
                yield from unkept_flaws(item, (*path, index))
        case float() if not math.isfinite(value):
            yield Flaw(path, f"is {value}, which is no number to count with.", "Give a number.")
        case int() if abs(value) > INTEGER_MAX:
            yield Flaw(path, "is too large a number.", f"Give at most {INTEGER_MAX}, or a text.")
        case _:
            return
