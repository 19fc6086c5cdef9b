"""Parse: the TOML text of a program becomes its definition, or all that is wrong with it."""

import re
import tomllib
from collections.abc import Iterable

import msgspec

from stampbook.core.definition import Definition
from stampbook.program.layout import (
    DEPTH_MAX,
    definition_tree,
    file_path,
    layout_flaws,
    plain,
    unkept_flaws,
)
from stampbook.program.lines import key_lines, line_of
from stampbook.program.problems import Flaw, Path, Problem, spell_path
from stampbook.program.structure import structure_flaws
from stampbook.program.validate import validate

TEXT_MAX = 1_000_000
"""Units: characters."""
PROBLEMS_MAX = 100
"""Units: problems told at once."""

SYNTAX_AT = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


def parse(text: str, file: str = "program.toml") -> Definition | tuple[Problem, ...]:
    """Read a definition.

    Shapes: problems stand in the order of their lines, PROBLEMS_MAX at the most. What the keys
    mean together is judged once each of them is right by itself.
    """
    if len(text) > TEXT_MAX:
        return (_whole(file, "The text is too long.", f"Keep it under {TEXT_MAX:,} characters."),)
    try:
        return _read(text, file)
    except tomllib.TOMLDecodeError as error:
        return (_syntax(str(error), text, file),)
    except RecursionError:
        return (_whole(file, "The text nests too deep.", f"Nest at most {DEPTH_MAX} tables."),)


def _read(text: str, file: str) -> Definition | tuple[Problem, ...]:
    tree = plain(tomllib.loads(text))
    wanted = definition_tree(tree)
    flaws = [*unkept_flaws(tree), *layout_flaws(tree)]
    flaws += [_in_file(flaw) for flaw in structure_flaws(wanted, Definition)]
    if flaws:
        return _problems(flaws, text, file)
    definition = msgspec.convert(wanted, Definition)
    return _problems(map(_in_file, validate(definition)), text, file) or definition


def _in_file(flaw: Flaw) -> Flaw:
    return Flaw(file_path(flaw.path), flaw.message, flaw.remedy)


def _problems(flaws: Iterable[Flaw], text: str, file: str) -> tuple[Problem, ...]:
    first: dict[Path, Flaw] = {}
    for flaw in flaws:
        first.setdefault(flaw.path, flaw)
    lines = key_lines(text) if first else {}
    problems = (
        Problem(
            file=file,
            line=line_of(flaw.path, lines),
            key=spell_path(flaw.path),
            message=flaw.message,
            remedy=flaw.remedy,
        )
        for flaw in list(first.values())[:PROBLEMS_MAX]
    )
    return tuple(sorted(problems, key=lambda problem: problem.line))


def _whole(file: str, message: str, remedy: str) -> Problem:
    return Problem(file=file, line=1, key="", message=message, remedy=remedy)


def _syntax(error: str, text: str, file: str) -> Problem:
    at = SYNTAX_AT.search(error)
    line = at and at["line"]
    return Problem(
        file=file,
        line=int(line) if line else text.count("\n") + 1,
        key="",
        message=f"This is not TOML: {error[: at.start()] if at else error}.",
        remedy="Check the quotes, brackets and equals signs on this line and the one before it.",
    )
