"""The layers of pyproject.toml hold, and what the README draws is what they are."""

import re
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import stampbook

PACKAGE = Path(stampbook.__file__).parent


@pytest.fixture(scope="module")
def layers(request: pytest.FixtureRequest) -> list[list[str]]:
    text = (request.config.rootpath / "pyproject.toml").read_text(encoding="utf-8")
    contract = tomllib.loads(text)["tool"]["importlinter"]["contracts"][0]
    return [layer.split(" | ") for layer in contract["layers"]]


def test_imports_only_go_down(request: pytest.FixtureRequest) -> None:
    assert lint_imports(str(request.config.rootpath / "pyproject.toml"), cache_dir=None) == 0


def test_every_package_has_its_layer(layers: list[list[str]]) -> None:
    found = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    found |= {path.stem for path in PACKAGE.glob("[!_]*.py")}
    assert found <= {name for layer in layers for name in layer}


@pytest.mark.parametrize("page", ["README.md", "docs/explanation/architecture.md"])
def test_the_drawn_layers_are_those_of_the_contract(
    layers: list[list[str]], page: str, request: pytest.FixtureRequest
) -> None:
    text = (request.config.rootpath / page).read_text(encoding="utf-8")
    drawing = re.search(r"<!-- layers -->\n+```text\n(.*?)```", text, re.DOTALL)
    assert drawing, f"{page} draws no layers"
    drawn = [re.split(r"\s{2,}", line)[0].split(" | ") for line in drawing[1].splitlines()]
    assert drawn == layers
