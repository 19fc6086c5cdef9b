"""Delivery keeps its promises through weeks of faults, played in simulated time.

A failure says the seed of its play; with it in the variable, only that play is played, and ends the
same way.
"""

import os
import random
from collections import Counter
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from stampbook.store.backend import open_backend
from tests.delivery.simulated.play import Play
from tests.delivery.simulated.script import write

pytestmark = pytest.mark.timeout(600)  # a few plays have much to do, and machines are busy

SEED_VARIABLE = "STAMPBOOK_TEST_SEED"
GIVEN_SEED = os.environ.get(SEED_VARIABLE)
SEEDS = (2, 3, 11, 14, 16, 24, 31, 36, 49, 61, 71, 72, 80, 86, 88, 96, 106, 113, 115)
"""Together they reach all that is promised about; 2, 16 and 80 found a fault once."""
POSTGRES_SEEDS = (61, 106)
FRESH_SEEDS = 3
SEED_MAX = 10**9

REACHED = (
    # tries
    "a retry", "asked to come later", "tried for ever", "given up", "a trial that failed",
    # health
    "endpoint.degraded", "endpoint.suspended", "endpoint.recovered", "endpoint.warned",
    "endpoint.disabled", "activated with a backlog", "leased while degraded",
    "leased while suspended", "ends disabled",
    # what goes together, and what follows
    "a batch of several", "a batch of several causes", "a batch that was full early",
    "leased behind another of its member", "leased behind another of its endpoint",
    "as many as the rate allows",
    # workers that die, sleep, end, or are in each other's way
    "crash", "stall", "leave", "another came in between",
    "a late answer that another held", "a late lease that another held",
    "crashed with an answer in hand", "leased again after a lease ran out", "given back unsent",
    "leased and never heard of it",
    # a database that fails
    "ClashError before the commit", "UnavailableError before the commit",
    "Crash before the commit", "Crash after the commit", "CommitUnknownError after the commit",
    # ends
    "ends delivered", "ends failed", "ends skipped",
)  # fmt: skip


def played(seed: int, url: str) -> Counter[str]:
    """Play a seed on a migrated database, and give what was reached."""
    with closing(open_backend(url)) as backend:
        play = Play(write(seed), backend)
        try:
            play.run()
        except Exception as error:
            error.add_note(f"{SEED_VARIABLE}={seed} plays it again")
            raise
        return play.reached


def a_seed(otherwise: int | None = None) -> int:
    """Give the seed that was asked for, or else the given one, or a fresh one."""
    if GIVEN_SEED is not None:
        return int(GIVEN_SEED)
    return random.SystemRandom().randrange(SEED_MAX) if otherwise is None else otherwise


def test_known_plays_keep_every_promise_and_reach_all_of_them(
    sqlite_template: Path, tmp_path: Path
) -> None:
    reached: Counter[str] = Counter()
    for seed in SEEDS if GIVEN_SEED is None else (a_seed(),):
        database = copyfile(sqlite_template, tmp_path / f"{seed}.db")
        reached.update(played(seed, f"sqlite:///{database}"))
        database.unlink()
    missed = [name for name in REACHED if not reached[name]]
    assert GIVEN_SEED is not None or not missed


@pytest.mark.parametrize("_number", range(FRESH_SEEDS))
def test_fresh_plays_keep_every_promise(sqlite_url: str, _number: int) -> None:
    played(a_seed(), sqlite_url)


@pytest.mark.parametrize("seed", [*POSTGRES_SEEDS, None])
def test_plays_keep_every_promise_on_postgres(postgres_url: str, seed: int | None) -> None:
    played(a_seed(seed), postgres_url)
