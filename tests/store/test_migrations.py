"""Migrations: they lead to the schema that is said once, and are safe to run again."""

import re

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from stampbook.store.backend import open_backend
from stampbook.store.migrate import connected, is_current, migrate
from stampbook.store.schema import METADATA


def test_the_migrated_tables_are_those_of_the_schema(database_url: str) -> None:
    with connected(database_url) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []


def test_plain_tables_and_migrated_ones_are_made_by_the_same_words(
    sqlite_url: str, empty_sqlite_url: str
) -> None:
    """What the comparison does not look at: partial indexes, tables without row ids."""
    with connected(empty_sqlite_url) as connection:
        METADATA.create_all(connection)
    assert _words(sqlite_url) == _words(empty_sqlite_url)


def _words(url: str) -> dict[str, set[str]]:
    backend = open_backend(url)
    with backend.read() as unit:
        rows = unit.rows(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') "
            "AND sql IS NOT NULL AND name <> 'alembic_version'"
        )
    backend.close()
    # a named constraint, or a column that came later, may stand anywhere in its table
    return {name: {part.strip(" \t)(") for part in re.split("[\n,]", sql)} for name, sql in rows}


def test_migrating_twice_changes_nothing(empty_database_url: str) -> None:
    assert not is_current(empty_database_url)
    migrate(empty_database_url)
    migrate(empty_database_url)
    assert is_current(empty_database_url)
