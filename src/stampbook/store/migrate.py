"""Migrate: bring a database to the schema of this version; nothing happens when it is there."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from stampbook.store.backend import UnavailableError
from stampbook.store.restored import raise_epochs

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_236_548_951
"""The advisory lock that one migrating process holds on PostgreSQL. Any number of ours."""


def migrate(url: str) -> None:
    """Run the migrations that the database has not seen, all in one transaction.

    Errors: UnavailableError when the database cannot be reached or refuses.
    """
    with connected(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK}
            )
        command.upgrade(_config(connection), "head")
        if connection.dialect.name == "postgresql":
            raise_epochs(connection)


def is_current(url: str) -> bool:
    """Say whether the database has every migration of this version, and no later one."""
    with connected(url) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        return found == ScriptDirectory.from_config(_config(connection)).get_current_head()


@contextmanager
def connected(url: str) -> Generator[Connection]:
    """Connect by SQLAlchemy, in one transaction that commits at the end."""
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise UnavailableError(str(error.orig)) from error
    finally:
        engine.dispose()


def sqlalchemy_url(url: str) -> str:
    """Give the URL in SQLAlchemy's spelling, which names the driver."""
    _, colon, rest = url.partition("://")
    return url if url.startswith("sqlite") else f"postgresql+psycopg{colon}{rest}"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _leave_transactions_to_us(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver would commit before each CREATE


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
