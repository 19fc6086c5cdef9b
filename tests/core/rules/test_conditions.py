from pathlib import Path
from typing import Any

import pytest

from stampbook.core.definition import Condition
from stampbook.core.rules import conditions
from stampbook.core.rules.compiled import CompiledCondition
from stampbook.core.rules.conditions import Sample, catalogue
from tests.core.rules.strategies import VALUES


def judged(operator: str, sample: Sample) -> bool:
    condition = Condition(attribute="transaction.any", operator=operator, value=sample.value)
    return CompiledCondition(condition).holds(sample.found)


def holds(attribute: str, operator: str, value: Any, **attributes: Any) -> bool:
    condition = CompiledCondition(Condition(attribute=attribute, operator=operator, value=value))
    return condition.holds(condition.find(attributes, attributes.get("inputs", {})))


def test_each_file_of_the_folder_is_an_operator_and_has_values_to_be_tested_with() -> None:
    folder = Path(conditions.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert set(catalogue()) == files == set(VALUES)


@pytest.mark.parametrize("operator", sorted(catalogue()))
def test_an_operator_holds_for_its_example_and_not_for_its_counter_example(operator: str) -> None:
    assert judged(operator, catalogue()[operator].example)
    assert not judged(operator, catalogue()[operator].counter_example)


@pytest.mark.parametrize("operator", sorted(catalogue()))
def test_an_operator_says_the_opposite_when_it_does_not_hold(operator: str) -> None:
    kind = catalogue()[operator]
    assert kind.words != kind.words_not
    takes_value = kind.operand.read(None) is None
    assert ("{value}" in kind.words) is takes_value is ("{value}" in kind.words_not)


@pytest.mark.parametrize("operator", sorted(catalogue()))
def test_an_unset_attribute_satisfies_only_what_says_no(operator: str) -> None:
    kind = catalogue()[operator]
    for unset in (None, "", [], [None, ""]):
        assert judged(operator, Sample(unset, kind.example.value)) is kind.every


@pytest.mark.parametrize(
    ("found", "value", "equal"),
    [
        ("12.50", 12.5, True),
        (12.5, "12.50", True),
        (1e2, 100, True),
        ("007", "7", False),
        ("007", 7, True),
        (" Gold ", "gold", True),
        (True, 1, False),
        (1, True, False),
        ("true", True, False),
        (True, True, True),
        ("nan", "NaN", True),
        (float("nan"), "nan", False),
        ({"a": 1}, "a", False),
        (0.1, 0.1, True),
        (10**20, "100000000000000000000", True),
    ],
)
def test_values_are_equal_as_numbers_as_texts_or_not_at_all(
    found: Any,
    value: Any,
    equal: bool,  # noqa: FBT001
) -> None:
    assert holds("transaction.any", "equals", value, any=found) is equal
    assert holds("transaction.any", "not_equals", value, any=found) is not equal
    assert holds("transaction.any", "contains_all", [value], any=found) is equal
    assert holds("transaction.any", "one_of", ["else", value], any=found) is equal


def test_what_does_not_compare_lies_on_no_side() -> None:
    for operator in ("greater_than", "at_least", "less_than", "at_most"):
        for found in ("a lot", True, {"n": 1}, "2030-01-01"):
            assert not holds("transaction.any", operator, 5, any=found)
        for found in ("a lot", 5, "5"):
            assert not holds("transaction.any", operator, "2030-01-01", any=found)


def test_a_day_is_its_first_moment_and_offsets_count() -> None:
    at = "2030-01-01T00:30:00+01:00"
    assert holds("transaction.at", "less_than", "2030-01-01", at=at)
    assert holds("transaction.at", "at_least", "2029-12-31", at=at)
    assert holds("transaction.at", "at_most", at, at="2029-12-31T23:30:00Z")


SHOP = [
    {"product_id": "a", "product_category": "Shoes, Sale", "product_price": "80"},
    {"product_id": "b", "product_category": "hats", "product_price": 20},
]


@pytest.mark.parametrize(
    ("attribute", "operator", "value", "held"),
    [
        ("products.product_category", "equals", "sale", True),
        ("products.product_category", "contains_all", ["sale", "shoes"], True),
        ("products.product_category", "contains_all", ["hats", "shoes"], False),
        ("products.product_category", "contains_none", ["hats"], False),
        ("products.product_category", "contains_none", ["bags"], True),
        ("products.product_category", "not_equals", "shoes", False),
        ("products.product_price", "less_than", 50, True),
        ("products.product_price", "greater_than", 80, False),
        ("products.product_quantity", "equals", 1, True),
        ("products.product_url", "is_set", None, False),
        ("products.product_url", "is_not_set", None, True),
    ],
)
def test_one_product_is_enough_and_none_may_fail_what_says_no(
    attribute: str,
    operator: str,
    value: Any,
    held: bool,  # noqa: FBT001
) -> None:
    assert holds(attribute, operator, value, products=SHOP) is held


def test_without_products_only_what_says_no_holds() -> None:
    for products in ([], None, "shoes", ["shoes"]):
        assert not holds("products.product_category", "contains_any", ["x"], products=products)
        assert holds("products.product_category", "contains_none", ["x"], products=products)


def test_tags_are_items_in_a_list_and_in_a_text() -> None:
    for tags in (["vip", "press"], "vip, Press", "press,vip,"):
        assert holds("transaction.tags", "contains_all", ["VIP", "press"], tags=tags)
        assert not holds("transaction.tags", "equals", "vip, press", tags=tags)


def test_any_other_text_is_one_item() -> None:
    assert holds("transaction.note", "equals", "a, b", note="A, b")
    assert not holds("transaction.note", "equals", "a", note="a, b")
