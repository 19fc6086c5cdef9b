"""Columns: what a column of a CSV file stands for in a command, and how its text is read.

The columns are those of the command's own structure, so a new field can be imported at once:
`first_name`, `address.city` for a part of a table, `custom_attributes.club` for any name in an
open one; a list of texts is one column separated by `;` or `|`, a list of tables is JSON.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec
from msgspec import Struct, inspect

Reader = Callable[[str, tzinfo], Any]
"""Reads a text; a time without an offset is in the given zone. Errors: UnreadableError."""

SEPARATORS = re.compile("[;|]")
NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?")
"""Digits that no reader of JSON rounds; a leading zero means a code and not a number."""

AMOUNT = re.compile(r"\s*-?[0-9]{1,18}(\.[0-9]{1,12})?\s*")
SHOWN_MAX = 40
"""Units: characters of a wrong text that its reason repeats."""

YEAR_MIN, YEAR_MAX = 1900, 2200
"""Instants outside are mistakes, and periods after them would leave the calendar."""


class UnreadableError(ValueError):
    """A text does not say what its column asks for: what is wrong, and what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class Column(Struct, frozen=True):
    """Where the texts of a column go in the command, and how they are read."""

    path: tuple[str, ...]
    read: Reader

    @property
    def name(self) -> str:
        """The column's name in a header."""
        return ".".join(self.path)


class Columns(Struct, frozen=True):
    """All columns that a command has.

    Shapes: `fixed` by name; `open` has the prefixes after which any name may follow.
    """

    fixed: Mapping[str, Column]
    open: tuple[str, ...]
    required: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """The names to choose from."""
        return (*self.fixed, *(f"{prefix}.<name>" for prefix in self.open))

    def find(self, name: str) -> Column | None:
        """Give the column of a name."""
        prefix, dot, rest = name.partition(".")
        if dot and rest and prefix in self.open:
            return Column((prefix, rest), _open_value)
        return self.fixed.get(name)


def columns_of(command: type[Struct]) -> Columns:
    """Give the columns of a command, in the order of its fields."""
    asked = inspect.type_info(command)
    assert isinstance(asked, inspect.StructType)
    fixed: dict[str, Column] = {}
    prefixes: list[str] = []
    for field in asked.fields:
        match _bare(field.type):
            case inspect.DictType():
                prefixes.append(field.name)
            case inspect.StructType(fields=parts):
                for part in parts:
                    column = Column((field.name, part.name), _reader(_bare(part.type)))
                    fixed[column.name] = column
            case kind:
                fixed[field.name] = Column((field.name,), _reader(kind))
    required = tuple(field.name for field in asked.fields if field.required)
    return Columns(
        dict(sorted(fixed.items(), key=_required_first(required))), tuple(prefixes), required
    )


def _required_first(required: tuple[str, ...]) -> Callable[[tuple[str, Column]], bool]:
    return lambda item: item[0] not in required


def _bare(kind: inspect.Type) -> inspect.Type:
    """Give a type without its annotation and without None."""
    match kind:
        case inspect.Metadata(type=inner):
            return _bare(inner)
        case inspect.UnionType(types=types):
            options = [one for one in types if not isinstance(one, inspect.NoneType)]
            return _bare(options[0]) if len(options) == 1 else kind
        case _:
            return kind


def _reader(kind: inspect.Type) -> Reader:
    match kind:
        case inspect.VarTupleType(item_type=inspect.StrType()):
            return _texts
        case inspect.VarTupleType():
            return _json
        case inspect.DateType():
            return _day
        case inspect.DateTimeType():
            return _instant
        case inspect.UnionType():  # numbers and texts: an amount, the only union of a command
            return _amount
        case _:
            return _text


def _text(text: str, zone: tzinfo) -> str:
    del zone
    return text


def _amount(text: str, zone: tzinfo) -> str:
    """Check an amount, which stays the text that the file has."""
    del zone
    if not AMOUNT.fullmatch(text):
        raise UnreadableError(f"is no amount ({_short(text)}).", "Give it as 1234.50.")
    return text


def _texts(text: str, zone: tzinfo) -> list[str]:
    del zone
    return [part for part in map(str.strip, SEPARATORS.split(text)) if part]


def _json(text: str, zone: tzinfo) -> Any:
    del zone
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise UnreadableError("is no JSON.", 'Give a JSON list: [{"product_id": "p1"}].') from None


def _day(text: str, zone: tzinfo) -> date:
    del zone
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnreadableError(f"is no day ({_short(text)}).", "Give it as 1990-05-31.") from None


def _instant(text: str, zone: tzinfo) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=zone)
        utc = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnreadableError(
            f"is no time ({_short(text)}).", "Give it as 2026-03-01T09:30:00Z."
        ) from None
    if not YEAR_MIN <= utc.year <= YEAR_MAX:
        raise UnreadableError("is out of range.", f"Give a year from {YEAR_MIN} to {YEAR_MAX}.")
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _open_value(text: str, zone: tzinfo) -> str | float | bool:
    """Read a number, true or false as what it is, and anything else as a text."""
    del zone
    if NUMBER.fullmatch(text):
        return msgspec.json.decode(text, type=int | float)
    if "\0" in text:
        raise UnreadableError("has a NUL character.", "Remove it.")
    return {"true": True, "false": False}.get(text, text)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"
