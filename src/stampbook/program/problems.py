"""Problems: what is wrong with a definition, where, and what to do about it."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from msgspec import Struct

Path = tuple[str | int, ...]
"""The way to a value through names and positions, as in `("activities", 0, "name")`."""

LISTED_MAX = 12
"""Units: names spelled in a remedy; the rest is left out."""


class Flaw(Struct, frozen=True):
    """Something wrong at a path of a definition."""

    path: Path
    message: str
    remedy: str


class Problem(Struct, frozen=True, kw_only=True):
    """Something wrong in a file. Units: `line` counts from 1."""

    file: str
    line: int
    key: str
    message: str
    remedy: str

    def __str__(self) -> str:
        """Give one line that an editor can jump to."""
        key = f"{self.key}: " if self.key else ""
        return f"{self.file}:{self.line}: {key}{self.message} {self.remedy}"


def spell_path(path: Path) -> str:
    """Spell a path as `activities[0].name`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def nearest(wrong: object, known: Iterable[str]) -> str | None:
    """Give the known name that a wrong one is most like, if it is like one."""
    return next(iter(get_close_matches(str(wrong), sorted(known), n=1)), None)


def choose_from(wrong: object, known: Iterable[str]) -> str:
    """Give a remedy for a wrong name: the nearest known one, or which there are."""
    names = sorted(known)
    near = nearest(wrong, names)
    if near is not None:
        return f"Did you mean {near}?"
    if not names:
        return "There is none to choose from: define one first."
    more = f" and {len(names) - LISTED_MAX} more" if len(names) > LISTED_MAX else ""
    return f"Choose from {', '.join(names[:LISTED_MAX])}{more}."


def repeated(names: Iterable[str], path: Path, key: str = "id") -> Iterator[Flaw]:
    """Give a flaw for each name of a list's items that an earlier item has."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            yield Flaw(
                (*path, index, key),
                f"repeats {name}, which item {first[name] + 1} of the list has.",
                f"Give each its own {key}.",
            )
