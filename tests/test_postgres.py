"""The private PostgreSQL that the other tests stand on."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.postgres import MAJOR_MIN, PostgresUnavailableError, fresh_database, postgres_programs

GONE_SECONDS_MAX = 20
RUN_UNTIL_KILLED = """
import time
from tests.postgres import temporary_cluster
with temporary_cluster() as url:
    print(url, flush=True)
    time.sleep(60)
"""


def test_the_server_is_new_enough_and_as_durable_as_in_earnest(empty_postgres_url: str) -> None:
    with psycopg.connect(empty_postgres_url) as connection:
        settings = ("fsync", "full_page_writes", "synchronous_commit")
        assert [connection.execute(f"SHOW {name}").fetchone() for name in settings] == [("on",)] * 3
        assert connection.info.server_version >= MAJOR_MIN * 10_000


def test_a_database_looks_like_its_template_and_changes_alone(postgres_cluster: str) -> None:
    with fresh_database(postgres_cluster) as first:
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE coffee (cups int)")
        name = first.rpartition("/")[2]
        with (
            fresh_database(postgres_cluster, template=name) as second,
            psycopg.connect(second) as connection,
        ):
            connection.execute("INSERT INTO coffee VALUES (1)")
        with psycopg.connect(first) as connection:
            assert connection.execute("SELECT count(*) FROM coffee").fetchone() == (0,)


def test_the_server_dies_with_its_user_however_that_dies(request: pytest.FixtureRequest) -> None:
    try:
        postgres_programs()
    except PostgresUnavailableError:
        request.getfixturevalue("postgres_cluster")  # skips, or fails where it is required
    with subprocess.Popen(
        [sys.executable, "-c", RUN_UNTIL_KILLED],
        stdout=subprocess.PIPE,
        text=True,
        cwd=request.config.rootpath,
    ) as user:
        assert user.stdout is not None
        url = user.stdout.readline().strip()
        with psycopg.connect(url) as connection:
            (folder,) = connection.execute("SHOW unix_socket_directories").fetchone() or ("",)
        user.kill()
    deadline = time.monotonic() + GONE_SECONDS_MAX
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(url)
