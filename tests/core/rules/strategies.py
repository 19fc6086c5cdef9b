"""Activities, attributes and inputs to value: small alphabets, so that conditions often hold."""

from typing import Any

from hypothesis import strategies as st

from stampbook.core.definition import Activity, Computation, Condition, Rule

WORDS = st.sampled_from(["shoes", "Shoes ", "sale", "hat", "12.5", "x"])
NUMBERS = st.one_of(
    st.integers(-5, 200),
    st.decimals(0, 300, places=2).map(str),
    st.floats(0, 300, allow_nan=False).map(lambda number: round(number, 3)),
    st.sampled_from([12.5, "12.50", 50, "50"]),
)
SCALARS = st.one_of(WORDS, NUMBERS, st.booleans())
LISTS = st.lists(SCALARS, min_size=1, max_size=4)
DAYS = st.sampled_from(["2029-12-31", "2030-01-01", "2030-01-01T00:00:00Z", "2030-06-01T12:00:00Z"])
FOUND = st.one_of(st.none(), SCALARS, DAYS, st.just(""), st.lists(SCALARS, max_size=3))


def _between(pair: tuple[Any, Any]) -> list[Any]:
    return sorted(pair)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("equals", "not_equals"), SCALARS),
    **dict.fromkeys(
        ("one_of", "not_one_of", "contains_any", "contains_all", "contains_none"), LISTS
    ),
    **dict.fromkeys(("greater_than", "at_least", "less_than", "at_most"), st.one_of(NUMBERS, DAYS)),
    **dict.fromkeys(("starts_with", "ends_with", "contains_text"), WORDS),
    **dict.fromkeys(("is_set", "is_not_set"), st.none()),
    "between": st.tuples(st.integers(0, 100), st.integers(0, 100)).map(_between),
}
"""A value for each operator; a test holds that no operator is missing."""

PATHS = st.sampled_from(
    [
        "member.tier",
        "member.tags",
        "member.custom.club",
        "transaction.tags",
        "transaction.order_subtotal",
        "transaction.weight",
        "products.product_category",
        "products.product_price",
    ]
)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    operator = draw(st.sampled_from(sorted(VALUES)))
    return Condition(attribute=draw(PATHS), operator=operator, value=draw(VALUES[operator]))


def rules() -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        name=st.just("a rule"),
        effect=st.sampled_from(["add", "multiply"]),
        value=st.sampled_from([0, 0.1, 1, 1.5, 2, 3.333, 20, 0.005]),
        match=st.sampled_from(["all", "any"]),
        conditions=st.lists(conditions(), max_size=3).map(tuple),
        is_active=st.sampled_from([True, True, True, False]),
    )


def activities() -> st.SearchStrategy[Activity]:
    computation = st.builds(
        Computation,
        kind=st.sampled_from(["fixed", "multiplier_based"]),
        points=st.integers(0, 500),
        attribute=st.sampled_from(["order_subtotal", "weight"]),
        multiplier=st.sampled_from([1, 0.5, 2, 0.333, 10]),
        rounding=st.sampled_from(["down", "up", "half_up", "half_even"]),
    )
    return st.builds(
        Activity,
        id=st.just("activity"),
        name=st.just("Activity"),
        computation=computation,
        rules=st.lists(rules(), max_size=4).map(tuple),
    )


def received() -> st.SearchStrategy[dict[str, Any]]:
    product = st.fixed_dictionaries(
        {
            "product_category": st.lists(WORDS, max_size=3).map(", ".join),
            "product_price": NUMBERS,
        }
    )
    return st.fixed_dictionaries(
        {"order_subtotal": st.one_of(NUMBERS, NUMBERS, FOUND)},
        optional={
            "tags": st.one_of(st.lists(WORDS, max_size=3), WORDS),
            "weight": FOUND,
            "products": st.lists(product, max_size=3),
        },
    )


def read() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"tier_multiplier": st.sampled_from([1, 1.1, 1.25, 2])},
        optional={
            "member.tier": st.one_of(st.none(), WORDS),
            "member.tags": st.lists(WORDS, max_size=3),
            "member.custom.club": FOUND,
        },
    )
