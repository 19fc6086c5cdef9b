"""Settings: those of the process, with what the command's options say instead."""

import os
from collections.abc import Mapping
from pathlib import Path

from stampbook.cli.terminal.errors import CommandError
from stampbook.config import FILE_VARIABLE, Configuration, load, variable_of


def configuration(database: str | None = None) -> Configuration:
    """Read the settings; a database that is given wins.

    Errors: ConfigError for a setting that is wrong; CommandError for a file that cannot be read.
    """
    return configured(overrides({"database.url": database}))


def configured(variables: Mapping[str, str]) -> Configuration:
    """Read the settings; variables that are given win over those of the process.

    Errors: as those of `configuration`.
    """
    return load({**os.environ, **variables}, _file_text())


def overrides(options: Mapping[str, object]) -> dict[str, str]:
    """Give the options that are set as the environment variables of their settings."""
    return {variable_of(name): str(value) for name, value in options.items() if value is not None}


def _file_text() -> str:
    path = os.environ.get(FILE_VARIABLE)
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"{FILE_VARIABLE} names a file that cannot be read: {path}.", "Name another one."
        ) from error
