"""Shapes of JSON, as a strict reader of webhooks wants them: each gives what is wrong, by path.

Knows nothing of Stampbook: it reads what a subscriber gets.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

Shape = Callable[[Any, str], Iterator[str]]

DATE = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}")
DATES_KEPT = 4_096
HEX_ID = re.compile(r"[0-9a-f]{24}")


def anything(_: Any, __: str) -> Iterator[str]:
    yield from ()


def text(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path}: {value!r} is no text"


def name(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str) or not value:
        yield f"{path}: {value!r} is no text with something in it"


def flag(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{path}: {value!r} is neither true nor false"


def whole(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield f"{path}: {value!r} is no whole number"


def count(value: Any, path: str) -> Iterator[str]:
    yield from whole(value, path)
    if isinstance(value, int) and value < 0:
        yield f"{path}: {value!r} is below zero"


def number(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield f"{path}: {value!r} is no number"


def hex_id(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str) or not HEX_ID.fullmatch(value):
        yield f"{path}: {value!r} is no id of 24 lower-case hex digits"


def date(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        yield f"{path}: {value!r} is no MM/DD/YYYY HH:MM:SS"
        return
    if not _is_in_calendar(value):
        yield f"{path}: {value!r} is in no calendar"


@lru_cache(DATES_KEPT)
def _is_in_calendar(date: str) -> bool:
    try:
        datetime.strptime(f"{date} +0000", "%m/%d/%Y %H:%M:%S %z")
    except ValueError:
        return False
    return True


def deadline(value: Any, path: str) -> Iterator[str]:
    """Want a date with a comma after its day."""
    if not isinstance(value, str) or value[10:12] != ", ":
        yield f"{path}: {value!r} is no MM/DD/YYYY, HH:MM:SS"
        return
    yield from date(value.replace(", ", " ", 1), path)


def exactly(*wanted: Any) -> Shape:
    """Want one of these values, of the same type."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not any(value == one and type(value) is type(one) for one in wanted):
            yield f"{path}: {value!r} is none of {wanted!r}"

    return check


def either(empty: Any, shape: Shape) -> Shape:
    """Want a shape, or the one value that stands for unset."""

    def check(value: Any, path: str) -> Iterator[str]:
        if value != empty or type(value) is not type(empty):
            yield from shape(value, path)

    return check


def items(shape: Shape, *, least: int = 0) -> Shape:
    """Want a list."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        entries = cast("list[Any]", value)
        if len(entries) < least:
            yield f"{path}: fewer than {least} items"
        for index, entry in enumerate(entries):
            yield from shape(entry, f"{path}[{index}]")

    return check


def record(wanted: Mapping[str, Shape]) -> Shape:
    """Want an object with exactly these keys."""

    def check(value: Any, path: str) -> Iterator[str]:
        yield from _keys(value, path, wanted)
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            yield from (f"{path}.{key}: not expected" for key in fields.keys() - wanted.keys())

    return check


def open_record(wanted: Mapping[str, Shape]) -> Shape:
    """Want an object with at least these keys."""

    def check(value: Any, path: str) -> Iterator[str]:
        yield from _keys(value, path, wanted)

    return check


def _keys(value: Any, path: str, wanted: Mapping[str, Shape]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    fields = cast("dict[str, Any]", value)
    for key, shape in wanted.items():
        if key in fields:
            yield from shape(fields[key], f"{path}.{key}")
        else:
            yield f"{path}.{key}: missing"


def at(value: Any, *keys: str) -> Any:
    """Give what stands under keys, None when it is not there."""
    for key in keys:
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return value


def read_json(body: bytes) -> Any:
    """Read strict JSON.

    Errors: ValueError for what is none, for a key that comes twice, and for numbers that are none.
    """
    return json.loads(body, object_pairs_hook=_object, parse_constant=_no_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key comes twice")
    return fields


def _no_constant(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
