"""A program is made, planned and applied, and a wrong file is told line by line."""

from pathlib import Path

import pytest

from tests.cli.conftest import Stampbook

BEANS = """\
[program]
name = "Beans & Co"
time_zone = "Europe/Berlin"

[[activities]]
id = "purchase"
name = "Purchase"
on = "order"
computation = { kind = "multiplier_based" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "program.toml"
    path.write_text(BEANS)
    return path


def test_a_new_program_shows_its_name_and_clock(on_sqlite: Stampbook) -> None:
    made = on_sqlite("program", "create", 'Beans "deluxe"', "--test-clock", "--start", "2030-01-01")
    listed = on_sqlite("program", "list").out
    assert made.out.strip() in listed
    assert "2030-01-01T00:00:00Z" in listed
    assert 'name = "Beans \\"deluxe\\""' in on_sqlite("program", "show").out
    assert on_sqlite("program", "create", "Other").code == 0
    several = on_sqlite("program", "show")
    assert several.code == 1
    assert "several programs" in several.err
    assert "Other" in on_sqlite("program", "show", "--program", "Other").out
    assert "Choose from" in on_sqlite("program", "show", "--program", "None").err


def test_a_program_cannot_be_made_of_nonsense(on_sqlite: Stampbook) -> None:
    assert on_sqlite("program", "create", "Beans", "--start", "2030-01-01").code == 1
    assert on_sqlite("program", "create", "a\nb").code == 1
    assert "There is no program." in on_sqlite("program", "show").err


def test_a_plan_says_what_changes_and_changes_nothing(sandbox: Stampbook, file: Path) -> None:
    planned = sandbox("program", "plan", str(file))
    assert planned.code == 0
    assert "Europe/Berlin" in planned.out
    assert "Activity “Purchase”" in planned.out
    assert 'name = "Beans"' in sandbox("program", "show").out


def test_what_is_applied_is_in_force_and_says_so(sandbox: Stampbook, file: Path) -> None:
    applied = sandbox("program", "apply", str(file), "--yes")
    assert applied.out.endswith("Version 2 is in force.\n")
    shown = sandbox("program", "show").out
    assert shown.startswith("# Beans & Co, program ")
    assert shown.partition("\n")[2] == BEANS
    assert sandbox("program", "plan", str(file)).out == "Nothing changes.\n"
    assert sandbox("program", "apply", str(file), "--yes").out == "Nothing changes.\n"


def test_nothing_is_applied_without_consent(
    sandbox: Stampbook, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/null").open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        refused = sandbox("program", "apply", str(file))
    assert refused.code == 1
    assert "--yes" in refused.err
    assert "version 1" in sandbox("program", "show").out


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_every_mistake_is_told_with_its_line_and_a_remedy(
    sandbox: Stampbook, file: Path, verb: str
) -> None:
    file.write_text(BEANS.replace("time_zone", "timezone").replace('"order"', '"odrer"'))
    ran = sandbox("program", verb, str(file))
    assert (ran.code, ran.out) == (1, "")
    lines = ran.err.splitlines()
    assert lines[0].startswith(f"{file}:3: program.timezone: is not a known key. Did you mean")
    assert lines[1].startswith(f"{file}:8: activities[0].on: ")
    assert lines[-1].startswith("Remedy: Correct these 2 lines")


def test_a_file_that_is_no_toml_is_told_with_its_line(sandbox: Stampbook, file: Path) -> None:
    file.write_text("[program]\nname = \n")
    assert f"{file}:2: This is not TOML" in sandbox("program", "plan", str(file)).err
    assert sandbox("program", "plan", str(file.parent / "none.toml")).code == 1
    file.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in sandbox("program", "plan", str(file)).err
