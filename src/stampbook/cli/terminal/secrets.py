"""Secrets of endpoints, given to a command: best by a file or an environment variable."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.errors import CommandError


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SecretOptions:
    """Where the secrets of an endpoint are."""

    secret_env: Annotated[
        tuple[str, ...],
        Parameter(help="An environment variable with a secret, or several with spaces between."),
    ] = ()
    secret_file: Annotated[
        tuple[Path, ...], Parameter(help="A file with a secret, or several, each on a line.")
    ] = ()
    secret: Annotated[
        tuple[str, ...],
        Parameter(help="A secret; others on this machine can read it while the command runs."),
    ] = ()


NO_SECRETS = SecretOptions()


def secrets_of(options: SecretOptions) -> tuple[str, ...]:
    """Give the secrets that the options name, at least one.

    Errors: CommandError when there is none, or a file or a variable is not there.
    """
    found = list(options.secret)
    for name in options.secret_env:
        if name not in os.environ:
            raise CommandError(
                f"There is no environment variable {name}.", "Set it, and export it."
            )
        found += os.environ[name].split()
    for path in options.secret_file:
        try:
            found += path.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read.", "Name a file of text.") from error
    if not found:
        raise CommandError(
            "No secret was given.", "Name one with --secret-env, --secret-file or --secret."
        )
    return tuple(found)
