from collections.abc import Generator

import pytest

from stampbook.delivery.secrets import new_master_key
from tests.delivery.sink import Sink, running_sink
from tests.delivery.stage import Stage, a_secret, staged


@pytest.fixture
def stage(database_url: str) -> Generator[Stage]:
    """A stage on each kind of database."""
    with staged(database_url, new_master_key(), a_secret()) as open_stage:
        yield open_stage


@pytest.fixture
def sqlite_stage(sqlite_url: str) -> Generator[Stage]:
    """A stage on SQLite, for what does not depend on the database."""
    with staged(sqlite_url, new_master_key(), a_secret()) as open_stage:
        yield open_stage


@pytest.fixture
def sink() -> Generator[Sink]:
    """A receiver on loopback."""
    with running_sink() as running:
        yield running
