"""Options that many commands have."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token

from stampbook.values.instants import Instant

DatabaseOption = Annotated[
    str | None,
    Parameter(
        name="--database",
        help="URL of the database: sqlite:///PATH or postgresql://… (default: as configured).",
    ),
]
ProgramOption = Annotated[
    str | None,
    Parameter(name="--program", help="Id or name of the program (default: the only one)."),
]
TomlFile = Annotated[Path, Parameter(help="The TOML file of a program.")]


def _instant(kind: object, tokens: tuple[Token, ...]) -> Instant:
    del kind
    text = tokens[0].value
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no time: give it as 2031-06-01T00:00:00Z") from None
    return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)


InstantOption = Annotated[Instant, Parameter(converter=_instant, n_tokens=1)]
"""A time; without an offset it is in UTC."""
