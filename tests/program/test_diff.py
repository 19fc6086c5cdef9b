from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stampbook.core.definition import Definition
from stampbook.program.diff import Change, difference
from stampbook.program.version import definition_hash
from tests.program.programs import SMALL, changed, definition

OLD = definition()


def changes(old: str, new: str) -> list[Change]:
    return list(difference(OLD, definition(changed(old, new))))


def test_nothing_changed_is_no_change() -> None:
    assert difference(OLD, definition()) == ()


@pytest.mark.parametrize(
    ("old", "new", "path", "subject", "before", "after"),
    [
        ("Corner Shop", "Corner", "name", "Name", "Corner Shop", "Corner"),
        ("expiry = { months = 6 }", "", "points.expiry.months", "Points, expiry, months", "6",
         "not set"),
        ("threshold = 300", "threshold = 250.5", "tiers.levels.red.threshold",
         "Tiers, tier “Red”, threshold", "300", "250.5"),
        ("value = 10", "value = 15", "activities.buy.rules.Large.value",
         "Activity “Buying”, rule “Large”, value", "10", "15"),
        ('on = "order"', 'on = "order"\nis_active = false', "activities.buy.is_active",
         "Activity “Buying”, is active", "yes", "no"),
        ("value = 50 }", "value = 60 }", "activities.buy.rules.Large.conditions",
         "Activity “Buying”, rule “Large”, conditions",
         "order subtotal is at least 50; member's tier is red",
         "order subtotal is at least 60; member's tier is red"),
        ('on = "order"', 'on = "order"\nexpiry = { days = 9, end_of = "year" }',
         "activities.buy.expiry", "Activity “Buying”, expiry", "not set", "days 9, end of year"),
        ('on = "order"', 'on = "order"\ncaps = [{ per = "day", times = 2 }]',
         "activities.buy.caps", "Activity “Buying”, caps", "not set", "per day, times 2"),
        ('tiers = ["red"]', "", "rewards.mug.tiers", "Reward “A mug”, tiers", "red", "not set"),
        ('tiers = ["red"]', 'tiers = ["red"]\nmetadata = { shelf_mark = 4, box = "b" }',
         "rewards.mug.metadata", "Reward “A mug”, metadata", "not set", "shelf mark 4, box b"),
    ],
)  # fmt: skip
def test_a_change_says_what_it_was_and_what_it_is(
    old: str, new: str, path: str, subject: str, before: str, after: str
) -> None:
    (change,) = changes(old, new)
    assert change == Change(path=path, subject=subject, before=before, after=after)
    assert str(change) == f"{subject}: {after}, was {before}."


def test_new_and_removed_items_are_told_with_all_that_they_say() -> None:
    (removed, new) = sorted(
        changes('id = "mug"', 'id = "cup"'), key=lambda change: change.after or ""
    )
    assert (removed.path, removed.after) == ("rewards.mug", None)
    assert (new.path, new.before) == ("rewards.cup", None)
    assert new.after == (
        "id cup, name A mug, sub type product, points 100, product id mug-1, tiers (red)"
    )
    assert str(new).startswith("Reward “A mug”: new, id cup")
    assert str(removed).startswith("Reward “A mug”: removed, was id mug")


def test_items_in_another_order_are_one_change() -> None:
    two = SMALL + '\n[[rewards]]\nid = "pen"\nname = "A pen"\nsub_type = "custom"\npoints = 5\n'
    old = definition(two)
    (change,) = difference(old, replace(old, rewards=old.rewards[::-1]))
    assert (change.path, change.before, change.after) == ("rewards.order", "mug, pen", "pen, mug")


def test_the_first_definition_is_all_new() -> None:
    found = difference(None, OLD)
    assert all(change.before is None for change in found)
    assert {"name", "tiers.levels.red", "activities.buy", "rewards.mug"} <= {
        change.path for change in found
    }


VARIANTS: list[tuple[str, Any]] = [
    ("name", "Other"),
    ("auto_enrol", False),
    ("rewards", ()),
    ("activities", ()),
    ("points", replace(OLD.points, hold_minutes=5)),
    ("tiers", replace(OLD.tiers, levels=OLD.tiers.levels[:1])),
]


@given(
    st.sets(st.sampled_from(range(len(VARIANTS)))), st.sets(st.sampled_from(range(len(VARIANTS))))
)
def test_no_change_no_difference_and_equal_hashes_mean_the_same(
    first: set[int], second: set[int]
) -> None:
    one, two = _varied(first), _varied(second)
    assert (difference(one, two) == ()) is (one == two) is (first == second)
    assert (definition_hash(one) == definition_hash(two)) is (one == two)
    assert len(difference(one, two)) == len(difference(two, one))


def _varied(chosen: set[int]) -> Definition:
    return replace(OLD, **{VARIANTS[index][0]: VARIANTS[index][1] for index in chosen})
