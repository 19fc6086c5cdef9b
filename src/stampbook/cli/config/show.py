"""Show every setting, and where it came from."""

from typing import Annotated

from cyclopts import Parameter

from stampbook.cli.terminal.options import DatabaseOption
from stampbook.cli.terminal.output import tell
from stampbook.cli.terminal.settings import configuration
from stampbook.config import SECRET_SETTINGS, variable_of

HIDDEN = "(set, not shown)"


def command(
    *,
    origin: Annotated[bool, Parameter(help="Say where each value came from, too.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Show every setting; what may hold a password is not shown.

    Settings are read from the TOML file that STAMPBOOK_CONFIG names, and from the environment,
    which wins: STAMPBOOK_SERVER_PORT is `port` under `[server]`.
    """
    found = configuration(database)
    columns = ["setting", "value", *(["origin", "variable"] if origin else [])]
    rows: list[list[str]] = []
    for setting, came_from in found.origins.items():
        section, _, name = setting.partition(".")
        value = getattr(getattr(found.settings, section), name)
        shown = HIDDEN if setting in SECRET_SETTINGS and value and came_from != "default" else value
        rows.append([setting, str(shown), came_from, variable_of(setting)][: len(columns)])
    tell(columns, rows)
