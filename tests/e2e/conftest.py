import os
import random
import sys
from collections.abc import Generator

import pytest

from tests.e2e.stand import Stand, standing

SEED_VARIABLE = "STAMPBOOK_TEST_KILL_SEED"


@pytest.fixture
def stand(database_url: str) -> Generator[Stand]:
    with standing(database_url) as opened:
        yield opened


@pytest.fixture
def sqlite_stand(sqlite_url: str) -> Generator[Stand]:
    with standing(sqlite_url) as opened:
        yield opened


@pytest.fixture
def seed() -> int:
    """The dice of a run: set the variable to the number that a failure printed."""
    number = int(os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"{SEED_VARIABLE}={number}\n")  # shown when the test fails
    return number
