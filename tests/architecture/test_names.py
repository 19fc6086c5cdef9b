"""Path, name and structure agree to the letter, and no name hides a missing noun."""

from pathlib import Path

import pytest

import stampbook
from stampbook import commands, dialects, facts

PACKAGE = Path(stampbook.__file__).parent

BANNED = {
    "utils", "util", "helpers", "helper", "common", "misc", "base", "models", "manager",
    "managers", "service", "services", "info", "handlers", "shared", "core_utils",
}  # fmt: skip


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.replace(".", "_").split("_"))


def test_no_module_has_a_name_that_says_nothing() -> None:
    said = {path.stem: path for path in PACKAGE.rglob("*") if path.suffix == ".py" or path.is_dir()}
    assert not BANNED & said.keys()


@pytest.mark.parametrize("name", facts.catalogue())
def test_a_fact_is_called_as_its_file(name: str) -> None:
    assert facts.catalogue()[name].data.__name__ == camel(name)
    assert (PACKAGE / "facts" / f"{name.replace('.', '/')}.py").is_file()


@pytest.mark.parametrize("name", commands.catalogue())
def test_a_command_is_called_as_its_file(name: str) -> None:
    kind = commands.catalogue()[name]
    assert kind.command.__name__ == camel(name)
    assert kind.result.__module__ == kind.command.__module__


@pytest.mark.parametrize("name", dialects.catalogue())
def test_a_dialect_is_called_as_its_file(name: str) -> None:
    assert dialects.catalogue()[name].name == name
    assert (PACKAGE / "dialects" / f"{name}.py").is_file()


def test_a_fact_is_stated_in_the_past_and_a_command_is_not() -> None:
    assert not set(facts.catalogue()) & set(commands.catalogue())
    assert all(name.count(".") == 1 for name in facts.catalogue())
    assert not any("." in name for name in commands.catalogue())
