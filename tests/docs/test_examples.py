"""The examples of the documentation are requests, programs and commands that exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stampbook.api.route import catalogue
from stampbook.cli.main import build
from stampbook.config import Settings, load
from stampbook.core.definition import Definition
from stampbook.program.parse import parse

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
METRIC = re.compile(r"\bstampbook_delivery_\w+")
COMMAND = re.compile(r"^stampbook (.+)$", re.MULTILINE)


def blocks(kind: str) -> list[Any]:
    """Every code block of a kind, named by its page."""
    found: list[Any] = []
    for page in PAGES:
        texts: list[str] = re.findall(rf"```{kind}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        name = page.relative_to(ROOT)
        found += [pytest.param(text, id=f"{name}-{number}") for number, text in enumerate(texts, 1)]
    return found


def test_a_metric_is_one_that_is_told() -> None:
    told = "".join(
        path.read_text("utf-8") for path in (ROOT / "src" / "stampbook" / "api").glob("*metrics.py")
    )
    for page in PAGES:
        for name in METRIC.findall(page.read_text("utf-8")):
            assert re.search(rf"{re.sub('_(total|bucket)$', '', name)}\b", told), (page, name)


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_file_is_a_program_or_settings(text: str) -> None:
    if "[program]" in text:
        assert isinstance(parse(text), Definition), parse(text)
    else:
        assert load({}, text).settings != Settings()


@pytest.mark.parametrize("text", blocks("http"))
def test_a_request_is_one_that_the_api_reads(text: str) -> None:
    head, _, body = text.partition("\n\n")
    method, path = head.splitlines()[0].split()
    for noun in catalogue():
        for route in noun.routes:
            found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path), path)
            if found and route.method == method:
                asked = {**msgspec.json.decode(body or "{}"), **found.groupdict()}
                msgspec.convert(asked, route.asks)
                return
    pytest.fail(f"no route answers {method} {path}")


@pytest.mark.parametrize("text", blocks("sh"))
def test_a_command_is_one_that_the_command_line_reads(text: str) -> None:
    for line in COMMAND.findall(text.replace("\\\n", " ")):
        build().parse_args(shlex.split(line), exit_on_error=False, print_error=False)
