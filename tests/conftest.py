"""What all tests share: example counts, and a database of each kind."""

import os
from collections.abc import Generator
from pathlib import Path
from shutil import copyfile

import pytest
from hypothesis import settings

from stampbook.store.migrate import migrate
from tests.postgres import PostgresUnavailableError, fresh_database, temporary_cluster

EXAMPLES = {"dev": 50, "ci": 100, "deep": 5000}

for profile, examples in EXAMPLES.items():
    settings.register_profile(profile, max_examples=examples, deadline=None)
settings.load_profile(
    os.environ.get("STAMPBOOK_TEST_EXAMPLES", "ci" if os.environ.get("CI") == "true" else "dev")
)


def _postgres_is_required() -> bool:
    return os.environ.get("STAMPBOOK_TEST_POSTGRES") == "required" or os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def postgres_cluster() -> Generator[str]:
    """The URL of a private cluster; one for each test process, started when first asked for."""
    try:
        with temporary_cluster() as url:
            yield url
    except PostgresUnavailableError as unavailable:
        if _postgres_is_required():
            raise
        pytest.skip(f"PostgreSQL: {unavailable}")


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: str) -> Generator[str]:
    """The name of a migrated database to copy."""
    with fresh_database(postgres_cluster) as url:
        migrate(url)
        yield url.rpartition("/")[2]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy."""
    path = tmp_path_factory.mktemp("template") / "stampbook.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def empty_postgres_url(postgres_cluster: str) -> Generator[str]:
    """The URL of a PostgreSQL database without a table."""
    with fresh_database(postgres_cluster) as url:
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated SQLite database of the test's own."""
    return f"sqlite:///{copyfile(sqlite_template, tmp_path / 'stampbook.db')}"


@pytest.fixture
def postgres_url(postgres_cluster: str, postgres_template: str) -> Generator[str]:
    """The URL of a migrated PostgreSQL database of the test's own."""
    with fresh_database(postgres_cluster, template=postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of the test's own; the test runs once for each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """A database that was never migrated; the test runs once for each kind."""
    return request.getfixturevalue(f"empty_{request.param}_url")
