"""Spelling: the SQL that the two databases say differently, about members and their JSON."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from stampbook.store.backend import Dialect
from stampbook.values.json import encode_text

NUL = "\\u0000"
"""How JSON spells a character that neither database reads out of it."""


class Piece(NamedTuple):
    """A piece of SQL with the values of its marks."""

    sql: str
    values: list[Any]


class Custom(NamedTuple):
    """What is read of a custom attribute. Shapes: `kind` is the word of the database for it."""

    kind: Piece
    text: Piece
    number: Piece


class Sqlite:
    """SQL for SQLite. Shapes: `doc` is a list of what is read, so that JSON is parsed once."""

    barrier = "LIMIT -1"
    """Ends a subquery whose columns are to be worked out once for each row."""

    def __init__(self) -> None:
        self._paths = ["$.id"]  # with a second one the document is a list

    def document(self) -> Piece:
        """Give `doc`, once all is known that is read of it; NULL when SQL cannot read it."""
        marks = ", ?" * len(self._paths)
        readable = "CASE WHEN instr(member.body, ?) = 0 THEN member.body END"
        return Piece(f"json_extract({readable}{marks}, '$.id')", [NUL, *self._paths])

    def _at(self, path: str) -> str:
        if path not in self._paths:
            self._paths.append(path)
        return f"'$[{self._paths.index(path)}]'"

    def text(self, *path: str) -> str:
        """Give a text field of the document."""
        return f"json_extract(doc, {self._at('.'.join(('$', *path)))})"

    number = text

    def listed(self, name: str) -> str:
        """Give a list of texts of the document."""
        return self.text(name)

    def items(self, column: str) -> str:
        """Give the items of a list as a table whose column is `value`."""
        return f"json_each({column}) AS item"

    def custom(self, name: str) -> Custom | None:
        """Give a custom attribute; None for a name that cannot be spelt as a path."""
        if '"' in name or "\\" in name or not (name.isascii() and name.isprintable()):
            return None
        at = self._at(f'$.custom_attributes."{name}"')
        value = Piece(f"json_extract(doc, {at})", [])
        return Custom(kind=Piece(f"json_type(doc, {at})", []), text=value, number=value)

    def flag(self, wanted: bool) -> Piece:  # noqa: FBT001 - it is the value
        """Give the end of a comparison with a truth value."""
        return Piece("= ?", [int(wanted)])

    def plain(self, text: str) -> str:
        """Say that a text has printable ASCII only."""
        return f"{text} NOT GLOB '*[^ -~]*'"

    def has_digit(self, text: str) -> str:
        """Say that a text has a digit."""
        return f"{text} GLOB '*[0-9]*'"

    def folded(self, text: str) -> str:
        """Give a plain text as texts are compared."""
        return f"lower(trim({text}))"

    def bytewise(self, text: str) -> str:
        """Give a text that compares byte by byte."""
        return text

    def limit(self, number: Decimal) -> Piece:
        """Give the mark of a number and its value."""
        return Piece("?", [float(number)])

    def among_texts(self, texts: Sequence[str]) -> Piece:
        """Give the end of a comparison with any of some texts."""
        return Piece("IN (SELECT value FROM json_each(?))", [encode_text(texts)])

    def among_numbers(self, numbers: Sequence[Decimal]) -> Piece:
        """Give the end of a comparison with any of some numbers."""
        return Piece(
            "IN (SELECT value FROM json_each(?))", [encode_text([float(one) for one in numbers])]
        )


class Postgres:
    """SQL for PostgreSQL."""

    barrier = "OFFSET 0"

    def document(self) -> Piece:
        """Give `doc`, once all is known that is read of it; NULL when SQL cannot read it."""
        return Piece("CASE WHEN strpos(member.body, ?) = 0 THEN member.body::jsonb END", [NUL])

    def text(self, *path: str) -> str:
        """Give a text field of the document."""
        return "doc" + "".join(f"->'{part}'" for part in path[:-1]) + f"->>'{path[-1]}'"

    def number(self, *path: str) -> str:
        """Give a number of the document."""
        return f"({self.text(*path)})::numeric"

    def listed(self, name: str) -> str:
        """Give a list of texts of the document."""
        return f"doc->'{name}'"

    def items(self, column: str) -> str:
        """Give the items of a list as a table whose column is `value`."""
        return f"jsonb_array_elements_text({column}) AS item(value)"

    def custom(self, name: str) -> Custom | None:
        """Give a custom attribute; None for a name that PostgreSQL keeps no text of."""
        if "\0" in name:
            return None
        kind = "jsonb_typeof(doc->'custom_attributes'->?::text)"
        text = "doc->'custom_attributes'->>?::text"
        number = f"CASE WHEN {kind} = 'number' THEN ({text})::numeric END"
        return Custom(
            kind=Piece(kind, [name]), text=Piece(text, [name]), number=Piece(number, [name, name])
        )

    def flag(self, wanted: bool) -> Piece:  # noqa: FBT001 - it is the value
        """Give the end of a comparison with a truth value."""
        return Piece("= ?", ["true" if wanted else "false"])

    def plain(self, text: str) -> str:
        """Say that a text has printable ASCII only."""
        return f"{self.bytewise(text)} !~ '[^ -~]'"

    def has_digit(self, text: str) -> str:
        """Say that a text has a digit."""
        return f"{self.bytewise(text)} ~ '[0-9]'"

    def folded(self, text: str) -> str:
        """Give a plain text as texts are compared."""
        return f"lower({self.bytewise(f'btrim({text})')})"

    def bytewise(self, text: str) -> str:
        """Give a text that compares byte by byte."""
        return f'({text} COLLATE "C")'

    def limit(self, number: Decimal) -> Piece:
        """Give the mark of a number and its value."""
        return Piece("?::text::numeric", [f"{number:f}"])

    def among_texts(self, texts: Sequence[str]) -> Piece:
        """Give the end of a comparison with any of some texts."""
        return Piece("= ANY(?::text[])", [list(texts)])

    def among_numbers(self, numbers: Sequence[Decimal]) -> Piece:
        """Give the end of a comparison with any of some numbers."""
        return Piece("= ANY(?::text[]::numeric[])", [[f"{one:f}" for one in numbers]])


Spelling = Sqlite | Postgres


def spelling_of(dialect: Dialect) -> Spelling:
    """Give the SQL of a database."""
    return Sqlite() if dialect.name == "sqlite" else Postgres()
