"""The locked requirements are those of pyproject.toml, and say nothing of where they came from."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("runtime", "build", "dev")


def pins(path: Path) -> dict[str, str]:
    found = re.findall(
        r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {canonicalize_name(name): version for name, version in found}


@pytest.fixture(scope="module")
def project(request: pytest.FixtureRequest) -> dict[str, Any]:
    return tomllib.loads((request.config.rootpath / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest) -> Path:
    return request.config.rootpath / "requirements"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_locked_at_a_version_that_it_allows(
    lock: str, project: dict[str, Any], folder: Path
) -> None:
    groups = project["dependency-groups"]
    asked = {
        "runtime": project["project"]["dependencies"],
        "build": groups["build"],
        "dev": [item for item in groups["dev"] if isinstance(item, str)],
    }[lock]
    locked = pins(folder / f"{lock}.txt")
    assert asked
    for requirement in map(Requirement, asked):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, requirement
        assert requirement.specifier.contains(version), requirement


def test_development_runs_what_is_released(folder: Path) -> None:
    assert pins(folder / "dev.txt").items() >= pins(folder / "runtime.txt").items()
    assert pins(folder / "dev.txt").items() >= pins(folder / "build.txt").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash_and_no_address(lock: str, folder: Path) -> None:
    text = (folder / f"{lock}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    for pin in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in pin
