"""Lines: where in a TOML text each key and each item of a list stands.

The standard library reads TOML but keeps no lines, and a library that keeps the text would write
it out once for each problem. Here the tokens are walked once, over a text that is known to parse.
Source: TOML 1.0.
"""

import re
import tomllib
from collections.abc import Iterator

from msgspec import Struct

from stampbook.program.problems import Path

TOKEN = re.compile(
    r'''(?P<comment>\#[^\n]*)
    |(?P<text>"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}
        |\'\'\'(?:[^\']++|\'{1,2}(?!\'))*+\'{3,5}
        |"(?:[^"\\\n]++|\\.)*+"
        |\'[^\'\n]*\')
    |(?P<end>\n)
    |(?P<mark>[\[\]{}=,.])
    |(?P<word>[^\s\#"'\[\]{}=,.]+)''',
    re.VERBOSE | re.DOTALL,
)


class Token(Struct, frozen=True):
    """A piece of the text. Units: `line` counts from 1."""

    text: str
    line: int


END = Token("", 0)


def key_lines(text: str) -> dict[Path, int]:
    """Give the line of every path of a text that parses; a table that is only implied, too."""
    return _Walk(text).lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """Give the line of a path; of what is missing, the line of what should hold it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Walk:
    """One pass over the tokens; `lines` grows on the way."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._last_items: dict[Path, int] = {}
        """Of each array of tables: the position of its latest table."""
        self._tokens = _tokens(text)
        self._next = END
        self._take()
        table: Path = ()
        while self._next is not END:
            if self._next.text == "[":
                table = self._header()
            elif self._next.text == "\n":
                self._take()
            else:
                self._pair(table)

    def _take(self) -> Token:
        taken, self._next = self._next, next(self._tokens, END)
        return taken

    def _skip_ends(self) -> None:
        while self._next.text == "\n":
            self._take()

    def _put(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)

    def _header(self) -> Path:
        line = self._take().line
        is_item = self._next.text == "["
        if is_item:
            self._take()
        *outer, last = self._keys("]")
        if is_item:
            self._take()
        path: Path = ()
        for key in outer:
            path = (*path, key)
            self._put(path, line)
            if path in self._last_items:
                path = (*path, self._last_items[path])
        path = (*path, last)
        self._put(path, line)
        if is_item:
            self._last_items[path] = self._last_items.get(path, -1) + 1
            path = (*path, self._last_items[path])
            self._put(path, line)
        return path

    def _keys(self, closing: str) -> list[str]:
        keys: list[str] = []
        while (token := self._take()).text != closing:
            if token.text != ".":
                keys.append(_key(token.text))
        return keys

    def _pair(self, path: Path) -> None:
        line = self._next.line
        for key in self._keys("="):
            path = (*path, key)
            self._put(path, line)
        self._value(path)

    def _value(self, path: Path) -> None:
        match self._next.text:
            case "[":
                self._take()
                self._items(path)
            case "{":
                self._take()
                self._pairs(path)
            case _:
                while self._next is not END and self._next.text not in {",", "]", "}", "\n"}:
                    self._take()

    def _items(self, path: Path) -> None:
        index = 0
        self._skip_ends()
        while self._next.text != "]":
            if self._next.text == ",":
                self._take()
                index += 1
            else:
                self._put((*path, index), self._next.line)
                self._value((*path, index))
            self._skip_ends()
        self._take()

    def _pairs(self, path: Path) -> None:
        self._skip_ends()
        while self._next.text != "}":
            if self._next.text == ",":
                self._take()
            else:
                self._pair(path)
            self._skip_ends()
        self._take()


def _tokens(text: str) -> Iterator[Token]:
    line = 1
    for found in TOKEN.finditer(text):
        if found.lastgroup != "comment":
            yield Token(found.group(), line)
        line += found.group().count("\n")


def _key(token: str) -> str:
    return next(iter(tomllib.loads(f"{token} = 0"))) if token[0] in "\"'" else token
