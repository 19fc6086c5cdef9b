"""Decoding: bodies, paths and queries into the structures that commands and queries are."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from inspect import getdoc
from typing import Any, NewType, cast, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from stampbook.api.problem import (
    REQUEST_INVALID,
    REQUEST_MALFORMED,
    REQUEST_TEXT_UNSTORABLE,
    REQUEST_TOO_DEEP,
    ProblemError,
)
from stampbook.values.uuids import id_of

NESTING_MAX = 64
"""How many lists and objects may stand inside each other."""

QUERY_FIELDS_MAX = 32

YEAR_MIN, YEAR_MAX = 1900, 2200
"""Instants outside are mistakes, and periods after them would leave the calendar."""

SPELLINGS: dict[type, re.Pattern[str]] = {
    int: re.compile("-?(0|[1-9][0-9]{0,17})"),
    bool: re.compile("true|false"),
}
"""How numbers and booleans are spelled in a query: as in JSON."""

_MESSAGE = re.compile(r"(?s)(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?")
_NAMED = re.compile(r"field `([^`]+)`")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


class BodyReader:
    """Reads bodies of one route into its command or request, with the path's parameters merged.

    Shapes: an absent body reads as `{}`. The parameters that the path gives are no fields of the
    body; `body` is its structure.
    """

    __slots__ = ("_asked", "_decode", "_instants", "_path_types", "body")

    def __init__(self, asked: type[Struct], path_names: tuple[str, ...]) -> None:
        self._asked = asked
        infos = {info.name: info for info in fields(asked)}
        self._path_types = {name: infos[name].type for name in path_names}
        self.body = without(asked, path_names) if path_names else asked
        self._decode = msgspec.json.Decoder(self.body).decode
        self._instants = tuple(info.name for info in infos.values() if _is_instant(info.type))

    def read(self, body: bytes, path: Mapping[str, str]) -> Struct:
        """Decode and check a body.

        Errors: ProblemError `request.malformed`, `request.invalid`, `request.too_deep`,
        `request.text_unstorable`.
        """
        value = self._decoded(body or b"{}")
        if self._path_types:
            named = read_path(self._path_types, path)
            value = self._asked(**_shallow(value), **named)
        if self._instants:
            value = _in_utc(value, self._instants)
        return value

    def _decoded(self, body: bytes) -> Struct:
        try:
            value = self._decode(body)
        except msgspec.ValidationError as error:
            raise invalid(error) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if _holds_half_a_pair(body):
                raise ProblemError(REQUEST_TEXT_UNSTORABLE) from error
            raise ProblemError(REQUEST_MALFORMED, str(error)) from error
        except RecursionError as error:
            raise ProblemError(REQUEST_TOO_DEEP) from error
        if b"\\u0000" in body or body.count(b"[") + body.count(b"{") > NESTING_MAX:
            _check(msgspec.json.decode(body), NESTING_MAX)
        return value


class QueryReader:
    """Reads the path's and the query's parameters of one route into its structure."""

    __slots__ = ("_asked", "_instants", "_spelled", "_types")

    def __init__(self, asked: type[Struct]) -> None:
        self._asked = asked
        self._types = {info.name: info.type for info in fields(asked)}
        self._instants = tuple(info.name for info in fields(asked) if _is_instant(info.type))
        self._spelled = {
            info.name: spelling
            for info in fields(asked)
            for kind, spelling in SPELLINGS.items()
            if _is_kind(info.type, kind)
        }

    def read(self, query: bytes, path: Mapping[str, str]) -> Struct:
        """Decode and check the parameters; each may be given once.

        Errors: ProblemError `request.invalid`, `request.text_unstorable`.
        """
        named: dict[str, str] = dict(path)
        for name, value in _pairs(query):
            if name in named:
                raise ProblemError(REQUEST_INVALID, f"`{name}` is given twice.", field=name)
            named[name] = value
        if any("\0" in value for value in named.values()):
            raise ProblemError(REQUEST_TEXT_UNSTORABLE)
        given: dict[str, Any] = {
            name: json.loads(value)
            if self._is_spelled(name, value)
            else _as_id(value, self._types.get(name))
            for name, value in named.items()
        }
        try:
            value = msgspec.convert(given, self._asked)
        except msgspec.ValidationError as error:
            raise invalid(error, pointer=False) from error
        return _in_utc(value, self._instants) if self._instants else value

    def _is_spelled(self, name: str, value: str) -> bool:
        spelling = self._spelled.get(name)
        return spelling is not None and spelling.fullmatch(value) is not None


def read_path(types: Mapping[str, Any], path: Mapping[str, str]) -> dict[str, Any]:
    """Check the parameters of a path against their types.

    Errors: ProblemError `request.invalid`, `request.text_unstorable`.
    """
    if any("\0" in value for value in path.values()):
        raise ProblemError(REQUEST_TEXT_UNSTORABLE)
    try:
        return {
            name: msgspec.convert(_as_id(path[name], kind), kind) for name, kind in types.items()
        }
    except msgspec.ValidationError as error:
        raise ProblemError(REQUEST_INVALID, str(error), field=", ".join(types)) from error


def _as_id(text: str, kind: Any) -> str:
    """Give the id that a UUID spells, where an id of ours is asked for."""
    return (id_of(text) or text) if isinstance(kind, NewType) else text


def without(asked: type[Struct], names: tuple[str, ...]) -> type[Struct]:
    """Give a structure without some of its fields, called after it."""
    kept = [_field(info) for info in fields(asked) if info.name not in names]
    return msgspec.defstruct(
        f"{asked.__name__}Body",
        kept,
        module=asked.__module__,
        namespace={"__doc__": getdoc(asked), "ORIGIN": asked},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def invalid(error: msgspec.ValidationError, *, pointer: bool = True) -> ProblemError:
    """Give the problem of a value that does not fit, and which field it is.

    Shapes: the field is a JSON pointer into a body, or a parameter's name.
    """
    matched = _MESSAGE.fullmatch(str(error))
    assert matched is not None, "every message has this form"
    steps = [name or index for name, index in _STEP.findall(matched["path"] or "")]
    named = _NAMED.search(matched["what"])
    if named is not None:
        steps.append(named[1])
    field = "/" + "/".join(steps) if pointer else ".".join(steps)
    return ProblemError(REQUEST_INVALID, matched["what"] + ".", field=field if steps else None)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )
    except ValueError as error:  # no ASCII, no UTF-8 or too many
        raise ProblemError(REQUEST_INVALID, "The query is no UTF-8, or too long.") from error


def _shallow(value: Struct) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _field(info: FieldInfo) -> tuple[str, Any] | tuple[str, Any, Any]:
    if info.default is not NODEFAULT:
        return (info.name, info.type, info.default)
    if info.default_factory is not NODEFAULT:
        return (info.name, info.type, msgspec.field(default_factory=info.default_factory))
    return (info.name, info.type)


def _is_instant(kind: Any) -> bool:
    return _is_kind(kind, datetime)


def _is_kind(kind: Any, wanted: type) -> bool:
    return kind is wanted or any(_is_kind(part, wanted) for part in get_args(kind))


def _in_utc(value: Struct, names: tuple[str, ...]) -> Struct:
    """Give the value with its instants in UTC and to the millisecond."""
    changed: dict[str, datetime] = {}
    for name in names:
        instant = getattr(value, name)
        if not isinstance(instant, datetime):
            continue
        if instant.tzinfo is None or not YEAR_MIN < instant.year < YEAR_MAX:
            raise ProblemError(
                REQUEST_INVALID,
                f"Expected an instant with its zone, such as 2026-03-01T09:30:00Z, "
                f"between the years {YEAR_MIN} and {YEAR_MAX}.",
                field=name,
            )
        utc = instant.astimezone(UTC)
        changed[name] = utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    return msgspec.structs.replace(value, **changed) if changed else value


def _check(value: Any, depth_left: int) -> None:
    """Check what no schema says: how deep a tree is, and that its texts hold no NUL."""
    if depth_left < 0:
        raise ProblemError(REQUEST_TOO_DEEP, f"The limit is {NESTING_MAX} levels.")
    if isinstance(value, str):
        if "\0" in value:
            raise ProblemError(REQUEST_TEXT_UNSTORABLE)
    elif isinstance(value, dict):
        for name, branch in cast("dict[str, Any]", value).items():
            _check(name, depth_left)
            _check(branch, depth_left - 1)
    elif isinstance(value, list):
        for branch in cast("list[Any]", value):
            _check(branch, depth_left - 1)


def _holds_half_a_pair(body: bytes) -> bool:
    """Say whether the JSON is well-formed but for half a surrogate pair in a text."""
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return False
