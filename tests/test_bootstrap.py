"""Bootstrap: the parts of each role, and the key that is kept beside an SQLite database."""

import stat
from pathlib import Path

import pytest

from stampbook.bootstrap import App, Role, master_keys
from stampbook.config import ConfigError, load


@pytest.mark.parametrize(
    ("role", "worker", "clockwork"),
    [
        ("all", True, True),
        ("api", False, False),
        ("worker", True, False),
        ("clock", False, True),
    ],
)
def test_a_role_has_its_parts(sqlite_url: str, role: Role, worker: bool, clockwork: bool) -> None:  # noqa: FBT001
    app = App(load({"STAMPBOOK_DATABASE_URL": sqlite_url}).settings, role)
    assert (app.worker is not None, app.clockwork is not None) == (worker, clockwork)
    app.start()
    assert app.is_running
    app.stop()
    assert not app.is_running


def test_the_key_is_made_once_and_for_its_owner_only(sqlite_url: str) -> None:
    settings = load({"STAMPBOOK_DATABASE_URL": sqlite_url}).settings
    keys = master_keys(settings)
    path = Path(sqlite_url.removeprefix("sqlite:///") + ".key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert master_keys(settings) == keys


def test_keys_come_from_the_settings_newest_first(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("c\nd\n")
    given = {"STAMPBOOK_SECRETS_KEY": "a b"}
    assert master_keys(load(given).settings) == ["a", "b"]
    named = {"STAMPBOOK_SECRETS_KEY_FILE": str(file)}
    assert master_keys(load(named).settings) == ["c", "d"]


def test_postgresql_wants_a_key() -> None:
    with pytest.raises(ConfigError):
        master_keys(load({"STAMPBOOK_DATABASE_URL": "postgresql://x/y"}).settings)
