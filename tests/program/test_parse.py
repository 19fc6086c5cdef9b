from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook.core.definition import Definition, Expiry
from stampbook.program.layout import DEPTH_MAX
from stampbook.program.parse import PROBLEMS_MAX, TEXT_MAX, parse
from stampbook.program.structure import structure_flaws
from stampbook.values import json
from tests.program.programs import SMALL, changed, definition, line_of, problems


def test_a_text_becomes_the_definition_it_says() -> None:
    read = definition()
    assert (read.name, read.currency, read.points.expiry) == (
        "Corner Shop",
        "EUR",
        Expiry(months=6),
    )
    assert [level.id for level in read.tiers.levels] == ["blue", "red"]
    assert read.activities[0].rules[0].conditions[1].value == "red"
    assert json.decode(json.encode(read), Definition) == read


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[program\n", 1),
        ('[program]\nname = "x"\nname = "y"\n', 3),
        ("[program]\nname = x\n", 2),
        ('[program]\nname = "x', 2),
        ('[program]\n\n\nname = "x" y\n', 4),
        (("a.b = 1\n" * 2), 2),
    ],
)
def test_a_text_that_is_no_toml_names_the_line(text: str, line: int) -> None:
    (problem,) = problems(text)
    assert problem.file == "shop.toml"
    assert abs(problem.line - line) <= 1
    assert problem.message.startswith("This is not TOML")
    assert "column" not in problem.message


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "remedy"),
    [
        ('name = "Corner Shop"', "name = 5", "program.name", "a whole number (5)", "a text"),
        ('currency = "EUR"', 'currency = "euro"', "program.currency", "(euro)", "three capital"),
        ("threshold = 300", 'threshold = "300"', "tiers.levels[1].threshold", "a text", "a number"),
        ("threshold = 300", "treshold = 300", "tiers.levels[1].treshold", "not a known key",
         "threshold?"),
        ("months = 6 }\n\n[tiers]", "months = 0 }\n\n[tiers]", "points.expiry.months",
         "a whole number (0)", "from 1 to 120"),
        ('kind = "cycle"', 'kind = "year"', "tiers.period.kind", "(year)",
         "anniversary, cycle, lifetime, rolling"),
        ('kind = "multiplier_based"', 'kind = "times"', "activities[0].computation.kind", "(times)",
         "fixed, multiplier_based"),
        ("value = 10", "value = -10", "activities[0].rules[0].value", "(-10)", "from 0"),
        ('operator = "at_least"', "operator = true",
         "activities[0].rules[0].conditions[0].operator", "true or false (true)", "a text"),
        ("points = 100", "points = 1.5", "rewards[0].points", "a number (1.5)", "a whole number"),
        ('tiers = ["red"]', 'tiers = "red"', "rewards[0].tiers", "a text (red)", "a list"),
        ('tiers = ["red"]', "tiers = [7]", "rewards[0].tiers[0]", "a whole number", "a text"),
        ('tiers = ["red"]', "starts_at = 5", "rewards[0].starts_at", "(5)", "offset"),
        ('tiers = ["red"]', "starts_at = 2030-01-02T00:00:00", "rewards[0].starts_at",
         "2030-01-02T00:00:00", "with its offset"),
        ("value = 10", "value = inf", "activities[0].rules[0].value", "inf", "a number"),
        ("value = 50 }", "value = 99999999999999999999 }",
         "activities[0].rules[0].conditions[0].value", "too large", "a text"),
        ("expiry = {", "expire = {", "points.expire", "not a known key", "expiry?"),
        ("[tiers]\n", "[tier]\nx = 1\n\n[tiers]\n", "tier", "not a known table", "tiers?"),
        ("[points]\n", "colour = 1\n\n[points]\n", "program.colour", "not a known key", "Choose"),
        ("[points]\n", "rewards = []\n\n[points]\n", "program.rewards", "wrong table",
         "[rewards]"),
        ("computation = { k", "computation = 3 # { k", "activities[0].computation",
         "a whole number (3)", "a table"),
    ],
)  # fmt: skip
def test_a_wrong_key_has_its_line_its_name_and_a_remedy(
    old: str, new: str, key: str, message: str, remedy: str
) -> None:
    text = changed(old, new)
    (problem,) = problems(text)
    assert problem.key == key
    assert message in problem.message
    assert remedy in problem.remedy
    leaf = key.rpartition(".")[2].partition("[")[0]
    assert leaf in text.splitlines()[problem.line - 1]
    assert str(problem).startswith(f"shop.toml:{problem.line}: {key}: ")


def test_a_missing_key_has_the_line_of_the_table_that_misses_it() -> None:
    text = changed('id = "mug"\n', "")
    (problem,) = problems(text)
    assert (problem.key, problem.message) == ("rewards[0].id", "is missing.")
    assert problem.line == line_of("[[rewards]]", text)
    (nameless,) = problems(changed('name = "Corner Shop"\n', ""))
    assert (nameless.key, nameless.line) == ("program.name", 1)


def test_a_program_key_outside_its_table_is_told_where_it_belongs() -> None:
    found = problems(f'currency = "EUR"\n{changed("currency", "# currency")}')
    assert [(one.line, one.key, one.remedy) for one in found] == [
        (1, "currency", "Write it under [program].")
    ]


def test_an_empty_text_misses_a_name_and_nothing_else() -> None:
    (problem,) = problems("")
    assert (problem.line, problem.key) == (1, "program.name")


def test_a_program_that_is_no_table_is_told_so_and_the_rest_is_still_read() -> None:
    found = problems("program = 3\n[points]\nhold_minutes = 0\n")
    assert [(one.line, one.key) for one in found] == [
        (1, "program"), (1, "program.name"), (3, "points.hold_minutes"),
    ]  # fmt: skip


def test_a_list_has_no_more_items_than_its_limit() -> None:
    cap = '{ per = "day", times = 1 }'
    text = changed('on = "order"', f'on = "order"\ncaps = [{", ".join([cap] * 9)}]')
    (problem,) = problems(text)
    assert (problem.key, problem.message) == ("activities[0].caps", "has 9 items.")
    assert problem.remedy == "Keep at most 8."


def test_what_is_empty_is_called_empty() -> None:
    (problem,) = problems(changed('id = "mug"', 'id = ""'))
    assert (problem.key, problem.message) == ("rewards[0].id", "is empty.")


def test_all_problems_come_at_once_in_the_order_of_their_lines() -> None:
    text = changed("threshold = 300", "threshold = -1")
    text = changed("[points]\n", "[points]\nname = 3\n", text)
    text = changed("points = 100", "points = 0\nprice = 3", text)
    found = problems(text)
    assert [one.key for one in found] == [
        "points.name", "tiers.levels[1].threshold", "rewards[0].points", "rewards[0].price",
    ]  # fmt: skip
    assert [one.line for one in found] == sorted(one.line for one in found)


def test_keys_are_found_in_tables_written_in_any_way() -> None:
    text = """\
[program]
name = "x"

[[activities]]
id = "a"
name = "A"
computation.kind = "fixed"
computation.points = -1

  [activities.approval]
  method = "some day"

[[activities]]
id = "b"
name = "B"

[activities.computation]
kind = "fixed"
points = -2

[[activities.rules]]
name = "r"
effect = "add"
value = 1

  [[activities.rules.conditions]]
  attribute = 5
  operator = "is_set"

[tiers.period]
kind = "never"
[points.expiry]
days = -3
"""
    assert {one.key: one.line for one in problems(text)} == {
        "activities[0].computation.points": 8,
        "activities[0].approval.method": 11,
        "activities[1].computation.points": 19,
        "activities[1].rules[0].conditions[0].attribute": 27,
        "tiers.period.kind": 31,
        "points.expiry.days": 33,
    }


def test_days_in_a_condition_are_kept_as_texts() -> None:
    path = '"transaction.order_subtotal", operator = "at_least", value = 50'
    text = changed(path, '"member.enrolled_at", operator = "less_than", value = 2030-01-31')
    assert definition(text).activities[0].rules[0].conditions[0].value == "2030-01-31"
    text = changed("2030-01-31", "2030-01-31T12:00:00Z", text)
    assert definition(text).activities[0].rules[0].conditions[0].value == "2030-01-31T12:00:00Z"


def test_a_text_has_limits() -> None:
    assert "too long" in problems("#" * (TEXT_MAX + 1))[0].message
    many = SMALL + '\n[[rewards]]\nid = 1\nname = "x"\nsub_type = "custom"\n' * PROBLEMS_MAX
    assert len(problems(many)) == PROBLEMS_MAX
    nest = f"{'[' * (DEPTH_MAX + 2)}{']' * (DEPTH_MAX + 2)}"
    deep = f"\n[activities.metadata]\nx = {nest}\n\n[[rewards]]"
    assert "too deep" in problems(changed("\n[[rewards]]", deep))[0].message
    for depth in (*range(100, 500, 7), 100_000):
        text = f"x = {'[' * depth}{']' * depth}"
        assert any("too deep" in problem.message for problem in problems(text))


TREES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**40), 2**40),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["", "x", "fixed", "order", "USD", "2030-01-01T00:00:00Z"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["id", "x"]), inner)
    ),
    max_leaves=4,
)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Give every table and list with each of its keys or positions."""
    items: list[tuple[Any, Any]] = []
    if isinstance(tree, dict):
        items = list(cast("dict[Any, Any]", tree).items())
    elif isinstance(tree, list):
        items = list(enumerate(cast("list[Any]", tree)))
    here: list[tuple[Any, Any]] = [(tree, key) for key, _ in items]
    return here + [place for _, item in items for place in _places(item)]


@given(st.data())
def test_no_flaw_means_that_the_types_accept_the_tree(data: st.DataObject) -> None:
    tree = json.decode(json.encode(definition()), dict[str, Any])
    holder, key = data.draw(st.sampled_from(_places(tree)))
    match data.draw(st.sampled_from(["put", "drop", "add"])):
        case "put":
            holder[key] = data.draw(TREES)
        case "drop":
            del holder[key]
        case _ if isinstance(holder, dict):
            holder["extra"] = 1
        case _:
            holder.append(data.draw(TREES))
    flaws = list(structure_flaws(tree, Definition))
    try:
        msgspec.convert(tree, Definition)
    except msgspec.ValidationError:
        assert flaws
    else:
        assert not flaws


@given(st.text(max_size=60))
def test_any_text_gives_a_definition_or_problems(text: str) -> None:
    read = parse(text)
    assert isinstance(read, Definition) or read
