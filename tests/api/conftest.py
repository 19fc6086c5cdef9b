from collections.abc import Generator

import pytest

from tests.api.stage import Client, Stage, open_stage


@pytest.fixture
def stage(database_url: str) -> Generator[Stage]:
    """The application over each kind of database."""
    with open_stage(database_url) as opened:
        yield opened


@pytest.fixture
def client(stage: Stage) -> Client:
    return stage.client


@pytest.fixture
def small_stage(sqlite_url: str) -> Generator[Stage]:
    """The application over SQLite, for what no database changes."""
    with open_stage(sqlite_url) as opened:
        yield opened


@pytest.fixture
def small_client(small_stage: Stage) -> Client:
    return small_stage.client
