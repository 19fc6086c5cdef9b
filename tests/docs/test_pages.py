"""The pages hang together: anchors exist, every page can be found, and words stand once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#:]*)(#[^)]*)?\)")
ROW = re.compile(r"^\| ([^|]+) \|", re.MULTILINE)


def prose(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)


def links(page: Path) -> list[tuple[Path, str]]:
    """The pages that a page links to, and the place in each; other files are left out."""
    found = [
        ((page.parent / to).resolve() if to else page, at) for to, at in LINK.findall(prose(page))
    ]
    return [(to, at) for to, at in found if to.suffix == ".md"]


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub spells them."""
    headings: list[str] = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    spoken = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {f"#{heading.strip().replace(' ', '-')}" for heading in spoken}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_heading_that_is_there(page: Path) -> None:
    dead = [f"{to.name}{at}" for to, at in links(page) if at and at not in anchors(to)]
    assert dead == []


def test_every_page_can_be_found_from_the_readme() -> None:
    found, left = {README}, [README]
    while left:
        fresh = {to for to, _ in links(left.pop())} - found
        found |= fresh
        left += fresh
    assert [page.name for page in PAGES if page not in found] == []


def test_a_word_stands_once_in_the_glossary_and_in_its_place() -> None:
    _, *words = ROW.findall((ROOT / "docs" / "glossary.md").read_text("utf-8"))
    words = words[1:] if words[0].startswith("---") else words
    assert words == sorted(set(words), key=str.lower)


def test_the_index_of_decisions_calls_them_what_they_are_called() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = dict(
        re.findall(r"\]\((\d{4}[^)]*)\) \| (.+) \|", (folder / "README.md").read_text("utf-8"))
    )
    assert sorted(listed) == sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert list(listed) == sorted(listed)
    for name, title in listed.items():
        heading = (folder / name).read_text("utf-8").splitlines()[0]
        assert heading == f"# {name[:4]} {title}"
