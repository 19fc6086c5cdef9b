"""Definitions: a program's file is read, and compared with what is in force."""

from pathlib import Path

from stampbook.cli.terminal.errors import CommandError
from stampbook.cli.terminal.opening import definition_of
from stampbook.cli.terminal.output import say, tell
from stampbook.core.definition import Definition
from stampbook.program.diff import Change, difference
from stampbook.program.parse import parse
from stampbook.store.backend import Backend
from stampbook.store.reading.programs import ProgramLine


class DefinitionError(CommandError):
    """A program's file is wrong; every problem has its line."""


def read_source(path: Path) -> str:
    """Give the text of a program's file.

    Errors: CommandError when it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8.", "Save it as UTF-8.") from error
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.", "Name a TOML file.") from error


def defined(source: str, path: Path) -> Definition:
    """Give the definition that a file says.

    Errors: DefinitionError with every problem on a line of its own.
    """
    read = parse(source, str(path))
    if isinstance(read, Definition):
        return read
    number = len(read)
    raise DefinitionError(
        "\n".join(f"{problem}" for problem in read),
        f"Correct {'this' if number == 1 else f'these {number} lines'}, and plan again.",
    )


def show_changes(backend: Backend, program: ProgramLine, wanted: Definition) -> tuple[Change, ...]:
    """Print what a definition would change in a program, and give it."""
    changes = difference(definition_of(backend, program), wanted)
    if changes:
        tell(
            ["what", "now", "then"],
            [[one.subject, one.before or "-", one.after or "-"] for one in changes],
        )
    else:
        say("Nothing changes.")
    return changes
