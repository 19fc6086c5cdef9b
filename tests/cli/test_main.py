"""The commands are found in their folder, and every error has a remedy and an exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from stampbook.cli import main as entry
from tests.cli.conftest import Stampbook

FOLDER = Path(entry.__file__).parent
COMMANDS = sorted(
    str(path.relative_to(FOLDER).with_suffix("")).replace("_", "").replace("/", " ")
    for path in FOLDER.rglob("*.py")
    if path.stem not in {"__init__", "main"} and "terminal" not in path.parts
)
HEAVY = ("uvicorn", "sqlalchemy", "alembic", "psycopg", "starlette", "stampbook.engine")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_file_is_a_command_that_explains_itself(stampbook: Stampbook, command: str) -> None:
    ran = stampbook(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: stampbook {command}" in ran.out


def test_help_lists_the_commands_and_imports_none_of_them() -> None:
    script = (
        "import sys; from stampbook.cli.main import main; main(['--help']); print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    for command in COMMANDS:
        assert command.split()[0] in ran.stdout
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert not loaded.intersection(HEAVY)


def test_the_version_is_told(stampbook: Stampbook) -> None:
    assert stampbook("--version").out == "0.1.0\n"


@pytest.mark.parametrize(
    "arguments",
    [["frob"], ["migrate", "--frob"], ["key", "create"], ["clock", "advance", "--to", "soon"]],
)
def test_misuse_exits_with_2(stampbook: Stampbook, arguments: list[str]) -> None:
    ran = stampbook(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Error" in ran.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x", "The database URL starts with"),
        ("sqlite:////nowhere/at/all.db", "nable to open database file"),
        ("postgresql://127.0.0.1:1/none", "The database"),
    ],
)
def test_a_database_that_cannot_be_opened_is_said_with_a_remedy(
    stampbook: Stampbook, url: str, said: str
) -> None:
    ran = stampbook("program", "list", "--database", url)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "Remedy: " in ran.err


def test_a_database_that_was_never_migrated_says_so(
    stampbook: Stampbook, empty_sqlite_url: str
) -> None:
    ran = stampbook("program", "list", "--database", empty_sqlite_url)
    assert ran.code == 1
    assert "stampbook migrate" in ran.err
    assert stampbook("serve", "--database", empty_sqlite_url).code == 1


def test_a_wrong_setting_is_said_with_its_origin(
    stampbook: Stampbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "stampbook.toml").write_text("[server]\nport = 0\n")
    monkeypatch.setenv("STAMPBOOK_CONFIG", str(tmp_path / "stampbook.toml"))
    ran = stampbook("program", "list")
    assert ran.code == 1
    assert "server.port (file)" in ran.err


def test_settings_are_shown_with_their_origin_and_without_secrets(
    stampbook: Stampbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMPBOOK_SECRETS_KEY", "hush")
    monkeypatch.setenv("STAMPBOOK_SERVER_PORT", "8300")
    ran = stampbook("config", "show", "--origin", "--database", "postgresql://me:hush@host/db")
    assert ran.code == 0
    rows = {line.split()[0]: line.split() for line in ran.out.splitlines() if line.strip()}
    assert rows["server.port"][1:3] == ["8300", "environment"]
    assert rows["server.host"][1:3] == ["127.0.0.1", "default"]
    assert "hush" not in ran.out


def test_migrating_twice_changes_nothing(stampbook: Stampbook, empty_database_url: str) -> None:
    first = stampbook("migrate", "--database", empty_database_url)
    assert (first.code, first.out) == (0, "The database was migrated.\n")
    again = stampbook("migrate", "--database", empty_database_url)
    assert (again.code, again.out) == (0, "The database is up to date.\n")
