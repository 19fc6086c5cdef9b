"""Texts as callers send them: what is one line has no line break, at its end neither."""

from typing import Any

import msgspec
import pytest

from stampbook.commands.submit_review import WebLink
from stampbook.core.members import Email
from stampbook.values.amounts import Key, Line, Link, Tag


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Key, "ada"),
        (Line, "Ada"),
        (Tag, "vip"),
        (Link, "https://shop.example"),
        (WebLink, "https://shop.example"),
        (Email, "ada@members.example"),
    ],
)
def test_a_line_break_is_no_part_of_a_line(kind: Any, text: str) -> None:
    assert msgspec.convert(text, kind) == text
    for broken in (f"{text}\n", f"\n{text}", f"{text}\r\n", f"{text}\0"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(broken, kind)
