"""The reference is what the catalogues say now."""

import pytest

from docs.generate import REFERENCE, pages
from stampbook.core.refusals import REFUSALS


@pytest.mark.parametrize("name", pages())
def test_the_page_is_up_to_date(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == pages()[name], "run `make reference`"


def test_there_is_no_other_page() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == pages().keys()


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_is_explained(code: str) -> None:
    page = (REFERENCE / "refusals.md").read_text(encoding="utf-8")
    assert f"| `{code}` |" in page
    assert REFUSALS[code].remedy in page
