"""The entry point: walks the folder for commands, runs one, and turns errors into exit codes."""

import ast
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter

import stampbook
from stampbook.cli.terminal.errors import (
    FAILED,
    INTERRUPTED,
    MISUSED,
    CommandError,
    complain,
    sentence,
)
from stampbook.config import ConfigError
from stampbook.store.backend import StoreError

FOLDER = Path(__file__).parent
NO_COMMANDS = {"__init__", "main", "terminal"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give the exit code; without arguments, those of the process."""
    code: object = None
    try:
        code = build()(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError:  # already printed
        return MISUSED
    except CommandError as error:
        complain(error.message, error.remedy)
        return FAILED
    except ConfigError as error:
        complain(f"Setting {error}.", "Correct it: see `stampbook config show --origin`.")
        return FAILED
    except StoreError as error:
        complain(f"The database failed. {sentence(error)}", "Check its URL, and that it answers.")
        return FAILED
    except KeyboardInterrupt:
        complain("Interrupted.", "Run the same command again.")
        return INTERRUPTED
    except BrokenPipeError:  # who read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code if isinstance(code, int) else 0


def build() -> App:
    """Give the application with every command that the folder holds."""
    app = App(
        name="stampbook",
        help=stampbook.__doc__ or "",
        version=stampbook.__version__,
        default_parameter=Parameter(negative="", show_default=False),
        help_format="plaintext",  # the others take longer to import than all of ours
    )
    _add(app, FOLDER, "stampbook.cli")
    return app


def _add(app: App, folder: Path, package: str) -> None:
    for path in sorted(folder.iterdir()):
        name = path.stem.removesuffix("_")
        if path.stem in NO_COMMANDS:
            continue
        if path.suffix == ".py":
            app.command(f"{package}.{path.stem}:command", name=name, help=_help(path))
        elif (path / "__init__.py").is_file():
            group = App(name=name, help=_help(path / "__init__.py"))
            _add(group, path, f"{package}.{path.stem}")
            app.command(group)


def _help(path: Path) -> str:
    """Give the docstring of a command, or of a group, without importing the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    command = next((node for node in functions if node.name == "command"), tree)
    text = (ast.get_docstring(command) or "").partition("\n\nArgs:")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


if __name__ == "__main__":
    sys.exit(main())
