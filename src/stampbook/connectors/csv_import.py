"""CSV import: a row of texts becomes a command, or a reason why it cannot. Pure.

Shapes: the first row names the columns; an empty text is a value that is not given.
"""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

import msgspec
from msgspec import Struct

from stampbook.commands import Command
from stampbook.connectors.columns import Column, Columns, UnreadableError, columns_of
from stampbook.program.problems import choose_from, spell_path
from stampbook.program.structure import structure_flaws

ROW_INVALID = "row.invalid"
COLUMNS_MAX = 200
REJECTED_COLUMNS = ("rejected_line", "rejected_code", "rejected_reason", "rejected_remedy")
"""The first columns of a file of rejected rows; they are left out when it is imported."""


class HeaderError(ValueError):
    """The columns of a file cannot be imported: what is wrong, and what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Rejection(Struct, frozen=True, kw_only=True):
    """Why a row was not imported: `row.invalid`, or the code of the engine's refusal."""

    code: str
    reason: str
    remedy: str


class Row(Struct, frozen=True):
    """A row as it stands in the file. Units: `line` counts from 1, at the row's beginning."""

    line: int
    texts: Sequence[str]


class RowReader:
    """Reads the rows of one file into commands of one kind."""

    __slots__ = ("_columns", "_command", "_zone", "header")

    def __init__(
        self,
        command: type[Command],
        header: Sequence[str],
        *,
        renamed: Mapping[str, str],
        zone: tzinfo,
    ) -> None:
        """Read a header; `renamed` says which field a column is, or "" for none.

        Errors: HeaderError.
        """
        self.header = tuple(header)
        self._command = command
        self._zone = zone
        self._columns = _read_header(self.header, columns_of(command), renamed)

    def command(self, row: Row) -> Command | Rejection:
        """Give the command of a row, or why there is none."""
        if len(row.texts) != len(self._columns):
            return _invalid(
                f"The row has {len(row.texts)} columns, the header {len(self._columns)}.",
                "Put a text that contains the separator in double quotes.",
            )
        tree: dict[str, Any] = {}
        for column, text in zip(self._columns, row.texts, strict=True):
            if column is None or not text:
                continue
            try:
                value = column.read(text, self._zone)
            except UnreadableError as error:
                return _invalid(f"{column.name} {error.message}", error.remedy)
            if len(column.path) == 1:
                tree[column.path[0]] = value
            else:
                tree.setdefault(column.path[0], {})[column.path[1]] = value
        try:
            return msgspec.convert(tree, self._command)
        except msgspec.ValidationError:
            flaw = next(structure_flaws(tree, self._command))
            return _invalid(f"{spell_path(flaw.path)} {flaw.message}", flaw.remedy)


def _invalid(reason: str, remedy: str) -> Rejection:
    return Rejection(code=ROW_INVALID, reason=reason, remedy=remedy)


def _read_header(
    header: tuple[str, ...], known: Columns, renamed: Mapping[str, str]
) -> tuple[Column | None, ...]:
    """Give the column of each name in a header; None is one to leave out."""
    if len(header) > COLUMNS_MAX:
        raise HeaderError(
            f"The file has {len(header)} columns.", f"Import at most {COLUMNS_MAX} columns."
        )
    for name in renamed:
        if name not in header:
            raise HeaderError(f"No column is called {name!r}.", choose_from(name, header))
    renamed = {**dict.fromkeys(REJECTED_COLUMNS, ""), **renamed}
    columns = tuple(_find(name, renamed.get(name, name), known) for name in header)
    names = [column.name for column in columns if column is not None]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise HeaderError(f"The column {twice} stands twice.", f"Leave one out: --map {twice}=")
    missing = [name for name in known.required if name not in names]
    if missing:
        raise HeaderError(
            f"The column {missing[0]} is missing.",
            f"Add it, or say which column it is: --map <column>={missing[0]}",
        )
    return columns


def _find(spelt: str, name: str, known: Columns) -> Column | None:
    if not name:
        return None
    column = known.find(name)
    if column is None:
        near = choose_from(name, known.fixed)
        guess = f"{near} " if near.startswith("Did") else ""
        what = f"column {spelt!r}" if spelt == name else f"field {name!r} of the column {spelt!r}"
        raise HeaderError(
            f"The {what} is not known. Known are {', '.join(known.known)}.",
            f"{guess}Say which field it is with --map {spelt}=<field>, "
            f"or leave it out with --map {spelt}=",
        )
    return column
