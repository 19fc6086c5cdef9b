"""The ground: databases that are stocked once and copied for each measurement."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from shutil import copyfile

import psycopg

from bench.cpu import parent_of
from bench.shop import stock
from tests.postgres import fresh_database, temporary_cluster


class Ground:
    """Where is measured. `is_quick` asks for numbers soon rather than exact."""

    def __init__(self, folder: Path, stack: ExitStack, *, is_quick: bool) -> None:
        self.folder = folder
        self.is_quick = is_quick
        self.members = 1_000 if is_quick else 5_000
        self.repetitions = 1 if is_quick else 3
        self.seconds = 2 if is_quick else 4
        """Of one measurement."""
        self._stack = stack
        self._numbers = count()
        self._cluster: str | None = None
        self._stocked: dict[str, str] = {}
        self.server_pid = 0
        """The first process of PostgreSQL."""

    @contextmanager
    def postgres(self, *, listens: bool = True, members: int | None = None) -> Generator[str]:
        """Give the URL of a stocked PostgreSQL database of one's own."""
        cluster = self._cluster_url()
        wanted = self.members if members is None else members
        name = f"{wanted} {listens}"
        if name not in self._stocked:
            url = self._stack.enter_context(fresh_database(cluster))
            stock(url, wanted, history=wanted, listens=listens)
            self._stocked[name] = url.rpartition("/")[2]
        with fresh_database(cluster, template=self._stocked[name]) as url:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CHECKPOINT")  # what was written before is not measured
            yield url

    def sqlite(self) -> str:
        """Give the URL of a stocked SQLite database of one's own."""
        stocked = self.folder / "stocked.db"
        if not stocked.exists():
            stock(f"sqlite:///{stocked}", self.members, history=self.members, listens=True)
        path = self.folder / f"bench-{next(self._numbers)}.db"
        return f"sqlite:///{copyfile(stocked, path)}"

    @contextmanager
    def copy_of(self, kind: str, name: str, stocked_by: Callable[[str], None]) -> Generator[str]:
        """Give the URL of a copy of a database that a function stocks once."""
        if kind == "sqlite":
            original = self.folder / f"{name}.db"
            if not original.exists():
                stocked_by(f"sqlite:///{original}")
            path = self.folder / f"{name}-{next(self._numbers)}.db"
            yield f"sqlite:///{copyfile(original, path)}"
            path.unlink()
            return
        if name not in self._stocked:
            url = self._stack.enter_context(fresh_database(self._cluster_url()))
            stocked_by(url)
            self._stocked[name] = url.rpartition("/")[2]
        with fresh_database(self._cluster_url(), template=self._stocked[name]) as url:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CHECKPOINT")
            yield url

    @contextmanager
    def empty_postgres(self) -> Generator[str]:
        """Give the URL of a PostgreSQL database without a table."""
        with fresh_database(self._cluster_url()) as url:
            yield url

    def _cluster_url(self) -> str:
        if self._cluster is None:
            self._cluster = self._stack.enter_context(temporary_cluster())
            with psycopg.connect(self._cluster) as connection:
                shown = [
                    connection.execute(f"SHOW {setting}").fetchall()[0][0]
                    for setting in ("fsync", "synchronous_commit", "full_page_writes")
                ]
                assert shown == ["on", "on", "on"], "the baseline must be as durable as we are"
                self.server_pid = parent_of(connection.info.backend_pid)
        return self._cluster
