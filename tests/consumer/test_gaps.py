"""The numbers of an endpoint's requests tell which of them are missing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook.consumer import Gaps, MalformedHeaderError, gaps


def missing(seen: Gaps) -> list[int]:
    return [number for numbers in seen.missing for number in numbers]


def test_nothing_is_missing_of_what_came_in_order() -> None:
    seen = Gaps()
    for number in range(1, 6):
        seen.see({"Stampbook-Sequence": str(number)})
    assert (seen.highest, seen.missing, seen.missing_count) == (5, (), 0)


def test_what_was_overtaken_is_missing_until_it_comes() -> None:
    seen = Gaps()
    for number in (1, 2, 7, 4):
        seen.add(number)
    assert seen.missing == (range(3, 4), range(5, 7))
    assert seen.missing_count == 3
    for number in (6, 3, 5):
        seen.add(number)
    assert seen.missing == ()


def test_a_retry_changes_nothing() -> None:
    seen = Gaps()
    for number in (1, 3, 3, 1):
        seen.add(number)
    assert seen.missing == (range(2, 3),)


def test_one_may_begin_in_the_middle() -> None:
    seen = Gaps(highest=500)
    for number in (503, 12):
        seen.add(number)
    assert seen.missing == (range(501, 503),)


@given(st.lists(st.integers(1, 40), max_size=60))
def test_what_is_missing_is_what_lies_below_the_highest_and_never_came(numbers: list[int]) -> None:
    seen = Gaps()
    for number in numbers:
        seen = msgspec.json.decode(msgspec.json.encode(seen), type=Gaps)
        seen.add(number)
    highest = max(numbers, default=0)
    assert missing(seen) == sorted(set(range(1, highest + 1)) - set(numbers))
    assert seen.missing_count == len(missing(seen))


def test_holes_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "HOLES_MAX", 3)
    seen = Gaps()
    for number in range(2, 22, 2):
        seen.add(number)
    assert seen.missing == (range(15, 16), range(17, 18), range(19, 20))
    seen = Gaps(highest=9, holes=[(1, 8)])
    for number in (3, 5, 7):
        seen.add(number)
    assert len(seen.missing) == 3


def test_a_request_without_a_number_is_passed_over() -> None:
    seen = Gaps()
    seen.see({"webhook-id": "a"})
    assert seen == Gaps()


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "one", "9" * 19, "\u0661"])
def test_what_is_no_number_from_1_is_said(number: str) -> None:
    with pytest.raises(MalformedHeaderError, match="stampbook-sequence"):
        Gaps().see({"stampbook-sequence": number})
