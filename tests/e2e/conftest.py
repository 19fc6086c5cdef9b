from collections.abc import Generator

import pytest

from tests.e2e.stand import Stand, standing


@pytest.fixture
def stand(database_url: str) -> Generator[Stand]:
    with standing(database_url) as opened:
        yield opened


@pytest.fixture
def sqlite_stand(sqlite_url: str) -> Generator[Stand]:
    with standing(sqlite_url) as opened:
        yield opened
