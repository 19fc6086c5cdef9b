"""What the code names as its source is there."""

import re
from pathlib import Path

import pytest

import stampbook

PACKAGE = Path(stampbook.__file__).parent
HEADINGS = ["Context", "Decision", "Consequences", "Security", "What would change our mind"]


def test_every_decision_that_the_code_names_is_written(request: pytest.FixtureRequest) -> None:
    decisions = request.config.rootpath / "docs" / "decisions"
    written = {path.name[:4] for path in decisions.glob("[0-9]*.md")}
    named = {
        (number, str(path.relative_to(PACKAGE)))
        for path in PACKAGE.rglob("*.py")
        for number in re.findall(r"decisions/(\w{4})", path.read_text(encoding="utf-8"))
    }
    assert named
    assert [source for source in sorted(named) if source[0] not in written] == []


def test_every_decision_has_the_same_headings(request: pytest.FixtureRequest) -> None:
    for path in (request.config.rootpath / "docs" / "decisions").glob("[0-9]*.md"):
        assert (
            re.findall(r"^## (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE) == HEADINGS
        ), path.name


def test_every_link_between_the_pages_leads_somewhere(request: pytest.FixtureRequest) -> None:
    root = request.config.rootpath
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(root)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert broken == []
