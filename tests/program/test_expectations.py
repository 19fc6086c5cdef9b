from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from stampbook.core.definition import Approval, Cap, Multiplier
from stampbook.nouns.reward import Reward
from stampbook.program.expectations import expectation
from stampbook.values.amounts import Amount, Key
from stampbook.values.points import Points

WORDS: list[tuple[Any, str]] = [
    (Points, "a whole number from 0 to 1,000,000,000,000"),
    (Cap.__annotations__["times"], "a whole number from 1 to 1,000,000"),
    (Annotated[int, Meta(title="Age")], "a whole number"),
    (Annotated[int, Meta(le=9)], "a whole number of at most 9"),
    (Annotated[int, Meta(ge=1)], "a whole number of at least 1"),
    (int, "a whole number"),
    (Multiplier, "a number above 0 of at most 10,000"),
    (float, "a number"),
    (bool, "true or false"),
    (Literal["b", "a"], "one of a, b"),
    (str, "a text"),
    (Key, "a text on one line of at least 1 and at most 128 characters"),
    (Annotated[str, Meta(max_length=4)], "a text of at most 4 characters"),
    (tuple[bool, ...], "a list, each true or false"),
    (Annotated[tuple[int, ...], Meta(max_length=3)],
     "a list of at most 3, each a whole number"),
    (dict[str, Any], "a table of names and values"),
    (Approval, "a table with keys such as method, days"),
    (datetime, "an instant with its offset, such as 2030-12-31T00:00:00Z"),
    (Any, "a value"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "words"), WORDS)
def test_a_type_is_asked_for_in_words(kind: Any, words: str) -> None:
    assert expectation(kind) == words


def test_every_way_to_give_an_amount_is_named() -> None:
    assert expectation(Amount).count(" or ") == 2


def test_the_pattern_of_a_code_is_put_in_words() -> None:
    assert expectation(Reward.__annotations__["code_prefix"]) == (
        "a text of at most 16 capitals, digits and hyphens"
    )
