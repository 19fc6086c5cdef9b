"""A server with as many sandboxes as tests want, each a program of its own."""

from collections.abc import Generator
from pathlib import Path
from shutil import copyfile
from typing import Protocol

import pytest

from stampbook.delivery.secrets import new_master_key
from stampbook.remote.server import Server as Api
from stampbook.store.admin import create_program
from stampbook.store.backend import Backend, open_backend
from stampbook.values.ids import ProgramId
from tests.api.stage import add_test_key, definition
from tests.e2e.server import HOST, Server, free_port, running

START_MS = 1_880_236_800_000
"""Where the clocks begin: 1 August 2029, before the campaign of the clothing brand."""


class Found(Protocol):
    """Founds a program with the definition of a text, or of a file; gives its API with a key."""

    def __call__(self, text: str, *, test_clock_ms: int | None = START_MS) -> Api: ...


@pytest.fixture(scope="module")
def database(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[Backend, str]]:
    url = f"sqlite:///{copyfile(sqlite_template, tmp_path_factory.mktemp('triggers') / 'a.db')}"
    backend = open_backend(url)
    yield backend, url
    backend.close()


@pytest.fixture(scope="module")
def server(database: tuple[Backend, str]) -> Generator[Server]:
    _, url = database
    with running(Server(url, free_port(), new_master_key())) as started:
        yield started


@pytest.fixture
def found(
    server: Server, database: tuple[Backend, str], request: pytest.FixtureRequest
) -> Generator[Found]:
    """Found a sandbox with the definition of a text, or of a file; gives its API with a key."""
    backend, _ = database
    apis: list[Api] = []

    def make(text: str, *, test_clock_ms: int | None = START_MS) -> Api:
        if text.endswith(".toml"):
            text = (request.config.rootpath / "examples" / text).read_text(encoding="utf-8")
        with backend.read() as unit:
            [(count,)] = unit.rows("SELECT count(*) FROM program")
        program = ProgramId(f"{count + 1:024x}")
        with backend.transaction() as unit:
            create_program(
                unit,
                program,
                definition(text),
                created_at_ms=START_MS - 1,
                test_clock_ms=test_clock_ms,
            )
        key = add_test_key(backend, f"k{count}", "read", "write", "admin", program=program)
        apis.append(Api(f"http://{HOST}:{server.port}", key, user_agent="test"))
        return apis[-1]

    yield make
    for api in apis:
        api.close()
