"""Bring the database to the schema of this version."""

from stampbook.cli.terminal.options import DatabaseOption
from stampbook.cli.terminal.output import say
from stampbook.cli.terminal.settings import configuration
from stampbook.store.migrate import is_current, migrate


def command(*, database: DatabaseOption = None) -> None:
    """Bring the database to the schema of this version; nothing happens when it is there.

    An SQLite database is made when there is none.
    """
    url = configuration(database).settings.database.url
    was_current = is_current(url)
    migrate(url)
    say("The database is up to date." if was_current else "The database was migrated.")
