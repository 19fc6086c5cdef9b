"""Lines: where in a TOML text a key stands.

tomlkit writes back byte for byte what it read, so a mark put before a key shows up on its line.
"""

from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from stampbook.program.problems import Path

MARK = "\x00"
"""No TOML text has it."""


class Lines:
    """The lines of a TOML text that parses."""

    def __init__(self, text: str) -> None:
        self._document: Any
        try:
            self._document = tomlkit.parse(text)
        except (TOMLKitError, ValueError):  # stricter than the standard library in a corner
            self._document = None

    def of(self, path: Path) -> int:
        """Give the line of a path; of a key that is missing, the line of what should hold it."""
        items = self._items(path)
        for item in reversed(items):
            line = self._line(item)
            if line is not None:
                return line
        return 1

    def _items(self, path: Path) -> list[Any]:
        item: Any = self._document
        items: list[Any] = []
        for step in path:
            try:
                item = item[step]
            except (KeyError, IndexError, TypeError):
                break
            items.append(item)
        return items

    def _line(self, item: Any) -> int | None:
        trivia = getattr(item, "trivia", None)
        if trivia is not None:
            indent = trivia.indent
            trivia.indent = f"{indent}{MARK}"
            before, mark, _ = self._document.as_string().partition(MARK)
            trivia.indent = indent
            if mark:
                return before.count("\n") + 1
        # a table that is only implied, or stands in a list, begins with the first thing in it
        inner = next(iter(item.values()), None) if hasattr(item, "values") else None
        return None if inner is None else self._line(inner)
