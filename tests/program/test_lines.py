import tomllib
from typing import Any, cast

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from stampbook.program.lines import key_lines, line_of
from stampbook.program.problems import Path
from tests.program.programs import SMALL


def paths_of(tree: Any, path: Path = ()) -> list[Path]:
    if isinstance(tree, dict):
        items: list[tuple[Any, Any]] = list(cast("dict[Any, Any]", tree).items())
    elif isinstance(tree, list):
        items = list(enumerate(cast("list[Any]", tree)))
    else:
        return [path]
    inside = [inner for key, item in items for inner in paths_of(item, (*path, key))]
    return [path, *inside] if path else inside


KEYS = st.one_of(
    st.sampled_from(["a", "b-c", "1"]), st.text(st.characters(codec="utf-8"), max_size=4)
)
VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-9, 9),
        st.floats(allow_nan=False, allow_infinity=False),
        st.datetimes(),
        st.text(st.sampled_from("a#\"'\n[]{}=,. \\"), max_size=8),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_every_path_of_a_text_has_a_line_on_which_its_key_stands(tree: dict[str, Any]) -> None:
    text = tomlkit.dumps(tree)
    if tomllib.loads(text) != tree:  # the writer's slip, not ours
        return
    lines = key_lines(text)
    assert set(lines) == set(paths_of(tree))
    written = text.split("\n")
    for path, line in lines.items():
        key = path[-1]
        if isinstance(key, str) and key.isalnum() and key.isascii():
            assert key in written[line - 1]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("a", "b", 0), 2),
        (("a", "b", 0, "x"), 3),
        (("other",), 7),
        (("a", "b", 1), 9),
        (("a", "b", 1, "text"), 10),
        (("a", "b", 1, "list"), 14),
        (("a", "b", 1, "list", 0, "k"), 15),
        (("a", "b", 1, "list", 1), 17),
        (("a", "b", 1, "c", "d"), 20),
        (("a", "b", 1, "c", "e.f"), 21),
        (("a", "b", 1, "missing", "deep"), 9),
        (("nowhere",), 1),
    ],
)
def test_tables_may_stand_apart_and_texts_may_look_like_tables(path: Path, line: int) -> None:
    text = '''# [not]
[[a.b]]
x = 1 # y = 2
u.v = 2030-01-01 12:00:00
w = """one line \\""" "" """

[other]
y = 1.5
[[a.b]]
text = """
[[a.b]]
x = "1"
"""
list = [
  { k = 'a"', l = [] },
  # between
  2.5,
]
[a.b.c]
d = 1
"e.f" = { g = { h = 1 } }
'''
    assert tomllib.loads(text)
    assert line_of(path, key_lines(text)) == line


def test_both_ends_of_lines_count_alike() -> None:
    assert key_lines(SMALL.replace("\n", "\r\n")) == key_lines(SMALL)
