"""A query that is put together from the conditions that are asked for."""

from typing import Any

from stampbook.store.backend import Row, Unit


class Query:
    """A SELECT in the making; every condition brings its values."""

    def __init__(self, select: str, program_id: str, *, of: str = "") -> None:
        """Begin with the program; `of` is the prefix of its column where tables are joined."""
        self._text = f"{select} WHERE {of}program_id = ?"
        self._values: list[Any] = [program_id]

    def where(self, condition: str, *values: Any) -> "Query":
        """Add a condition."""
        self._text += f" AND {condition}"
        self._values += values
        return self

    def given(self, condition: str, value: Any) -> "Query":
        """Add a condition on a value, unless the value is None."""
        return self if value is None else self.where(condition, value)

    def rows(self, unit: Unit, ending: str, *values: Any) -> list[Row]:
        """Give the rows; `ending` orders and limits them."""
        return unit.rows(f"{self._text} {ending}", (*self._values, *values))
