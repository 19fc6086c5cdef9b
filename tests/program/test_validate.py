import pytest

from stampbook.core.rules.conditions import catalogue
from stampbook.program.validate import validate
from tests.program.programs import SMALL, changed, definition, line_of, problems

RULE = "activities[0].rules[0]"
FIRST = f"{RULE}.conditions[0]"
MUG = 'sub_type = "product"\npoints = 100\nproduct_id = "mug-1"\ntiers = ["red"]\n'
SUBTOTAL = 'attribute = "transaction.order_subtotal", operator = "at_least", value = 50'
BUYING = 'computation = { kind = "multiplier_based" }'


def test_a_definition_that_means_something_has_no_flaw() -> None:
    assert validate(definition()) == ()


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "remedy"),
    [
        # the program
        ('"Corner Shop"', '"  "', "program.name", "empty", "name"),
        ('"EUR"', '"EUX"', "program.currency", "EUX", "Did you mean"),
        ('"Europe/Paris"', '"Europe/Pariss"', "program.time_zone", "no time zone", "Europe/Paris?"),
        ('"Europe/Paris"', '"Europe"', "program.time_zone", "no time zone", "?"),
        ('"Europe/Paris"', '"../secret"', "program.time_zone", "no time zone", ""),
        ("/{code}", "/code", "program.referral_link", "0 times", "once"),
        ("/{code}", "/{code}{code}", "program.referral_link", "2 times", "once"),
        ("https://corner", "corner", "program.referral_link", "no web address", "https://"),
        # tiers
        ("threshold = 0", "threshold = 10", "tiers.levels[0].threshold", "is 10", "threshold 0"),
        ("threshold = 300", "threshold = 0", "tiers.levels[1].threshold", "0 of blue", "Order"),
        ('name = "Red"', 'name = "Blue"', "tiers.levels[1].name", "item 1", "own name"),
        ("months = 6 }\n\n[[tiers", "months = 5 }\n\n[[tiers", "tiers.period.months", "is 5", "6"),
        ('kind = "cycle"', 'kind = "rolling"', "tiers.period.months", "not read", "cycle"),
        ('"cycle", months = 6', '"lifetime", days = 9', "tiers.period.days", "not read", "rolling"),
        # activities
        (BUYING, 'computation = { kind = "fixed", multiplier = 2 }',
         "activities[0].computation.multiplier", "not read", "multiplier_based"),
        (BUYING, 'computation = { kind = "fixed", attribute = "x" }',
         "activities[0].computation.attribute", "not read", "multiplier_based"),
        (BUYING, 'computation = { kind = "multiplier_based", points = 3 }',
         "activities[0].computation.points", "not read", "fixed"),
        (BUYING, 'computation = { kind = "multiplier_based", attribute = "transaction.weight" }',
         "activities[0].computation.attribute", "a path", "Write weight."),
        (BUYING, 'computation = { kind = "multiplier_based", attribute = "member.revenue" }',
         "activities[0].computation.attribute", "a path", "order_subtotal"),
        (BUYING, 'computation = { kind = "multiplier_based", attribute = "tags" }',
         "activities[0].computation.attribute", "no number", "order_subtotal"),
        (BUYING, f'{BUYING}\napproval = {{ method = "after_days" }}',
         "activities[0].approval", "days that are not given", "days = 14"),
        (BUYING, f"{BUYING}\napproval = {{ days = 3 }}", "activities[0].approval.days",
         "method immediate", "after_days"),
        (BUYING, f'{BUYING}\ncaps = [{{ per = "day" }}]', "activities[0].caps[0]",
         "limits nothing", "points, times"),
        (BUYING, f'{BUYING}\ncaps = [{{ per = "day", times = 1 }}, {{ per = "day", points = 1 }}]',
         "activities[0].caps[1].per", "repeats day", "own per"),
        ('effect = "add"', 'effect = "ad"', f"{RULE}.effect", "ad is no effect", "add?"),
        # conditions
        ("transaction.order_subtotal", "transactions.order_subtotal", f"{FIRST}.attribute",
         "does not exist", "transaction.order_subtotal?"),
        ("transaction.order_subtotal", "order_subtotal", f"{FIRST}.attribute",
         "whose it is", "transaction.order_subtotal?"),
        ("transaction.order_subtotal", "subtotal", f"{FIRST}.attribute",
         "whose it is", "member., transaction. or products."),
        ("transaction.order_subtotal", "transaction.products", f"{FIRST}.attribute",
         "all products", "products.product_id"),
        ("transaction.order_subtotal", "products.product_prise", f"{FIRST}.attribute",
         "does not exist", "products.product_price?"),
        ('"at_least"', '"at_leest"', f"{FIRST}.operator", "no operator", "at_least?"),
        ("value = 50 }", 'value = "much" }', f"{FIRST}.value", "wants a number", "Give a number"),
        ("value = 50 }", 'value = "2030-01-01" }', f"{FIRST}.value", "is one", "Give a number."),
        ("value = 50 }", "value = [50] }", f"{FIRST}.value", "wants a number", "Give a number"),
        (", value = 50 }", " }", f"{FIRST}.value", "wants a number", "Give a number"),
        ('"at_least"', '"is_set"', f"{FIRST}.value", "no value", "Leave it out."),
        ('"at_least"', '"contains_any"', f"{FIRST}.value", "a list", "a list"),
        (SUBTOTAL, 'attribute = "member.tags", operator = "at_least", value = 5',
         f"{FIRST}.operator", "a list of texts", "contains_all"),
        (SUBTOTAL, 'attribute = "member.enrolled_at", operator = "at_least", value = 5',
         f"{FIRST}.value", "is no day", "2030-12-31"),
        (SUBTOTAL, 'attribute = "member.enrolled_at", operator = "equals", value = "2030-01-01"',
         f"{FIRST}.operator", "a day or an instant", "between"),
        (SUBTOTAL, 'attribute = "products.product_price", operator = "between", value = [9, 5]',
         f"{FIRST}.value", "the lower first", "the lower first"),
        (SUBTOTAL, 'attribute = "member.tags", operator = "contains_any", value = []',
         f"{FIRST}.value", "a list of 1", "a list of 1"),
        ('operator = "equals", value = "red"', 'operator = "equals", value = "rot"',
         f"{RULE}.conditions[1].value", "rot is unknown", "red"),
        ('operator = "equals", value = "red"', 'operator = "equal", value = "rot"',
         f"{RULE}.conditions[1].operator", "no operator", "equals?"),
        ('attribute = "member.tier", operator = "equals", value = "red"',
         'attribute = "member.status", operator = "one_of", value = ["active", "blockd"]',
         f"{RULE}.conditions[1].value", "blockd is unknown", "blocked?"),
        # rewards
        ('tiers = ["red"]', 'tiers = ["red", "rad"]', "rewards[0].tiers[1]", "rad is no tier",
         "red?"),
        ('tiers = ["red"]', 'tiers = ["red"]\neligibility = { points = 5 }',
         "rewards[0].eligibility", "not read", "either"),
        (MUG, 'sub_type = "flexible_amount"\npoints = 100\n', "rewards[0]", "without a value",
         "Give value"),
        (MUG, 'sub_type = "fixed_amount"\npoints = 100\nvalue = 0\n', "rewards[0]",
         "without a value", "Give value"),
        (MUG, 'sub_type = "percentage"\npoints = 100\nvalue = 101\n', "rewards[0].value",
         "101 percent", "100"),
        (MUG, 'sub_type = "product"\npoints = 100\n', "rewards[0]", "not named", "product_id"),
        (MUG, 'sub_type = "custom"\npoints = 100\nstep = 5\n', "rewards[0].step", "not read",
         "flexible_amount"),
        (MUG, 'sub_type = "flexible_amount"\nvalue = 0.1\npoints = 100\npoints_max = 50\n',
         "rewards[0].points_max", "less than", "at least"),
        (MUG, 'sub_type = "flexible_amount"\nvalue = 0.1\npoints = 100\nstep = 30\n',
         "rewards[0].points", "no multiple", "step"),
        (MUG, f'{MUG}coupon = "pool"\ncode_prefix = "M-"\n', "rewards[0].code_prefix", "pool",
         "generated"),
        (MUG, f'{MUG}coupon = "none"\ncoupon_days = 3\n', "rewards[0].coupon_days", "none",
         "generated"),
        (MUG, f"{MUG}starts_at = 2030-01-02T00:00:00Z\nends_at = 2030-01-02T01:00:00+01:00\n",
         "rewards[0].ends_at", "not after", "after"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_has_its_line_its_key_and_a_remedy(
    old: str, new: str, key: str, message: str, remedy: str
) -> None:
    text = changed(old, new)
    (problem,) = problems(text)
    assert problem.key == key
    assert message in problem.message
    assert remedy in problem.remedy
    line = text.splitlines()[problem.line - 1]
    leaf = key.rpartition(".")[2].partition("[")[0]
    assert leaf in line or (leaf in {"value", "operator"} and "attribute" in line)


def test_an_enrolment_brings_neither_attributes_nor_products() -> None:
    found = problems(changed('on = "order"', 'on = "enrolment"'))
    assert [one.key for one in found] == ["activities[0].computation.kind", f"{FIRST}.attribute"]


@pytest.mark.parametrize("day", ["birthday", "anniversary"])
def test_a_day_of_the_calendar_brings_neither_attributes_nor_products(day: str) -> None:
    found = problems(changed('on = "order"', f'on = "{day}"'))
    assert [one.key for one in found] == ["activities[0].computation.kind", f"{FIRST}.attribute"]
    assert all(day in one.message for one in found)


BONUSES = """
[[activities]]
id = "treat"
name = "Treat"
computation = { kind = "fixed" }

[[activities]]
id = "gone"
name = "Gone"
is_active = false
computation = { kind = "fixed" }
"""
WINBACK = """
[winback]
after_days = 60
activity = "buy"
bonus_activity = "treat"
bonus_points = 5
valid_days = 7
"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"buy"', '"bye"', {"winback.activity": "Did you mean buy?"}),
        ('"buy"', '"gone"', {"winback.activity": "is_active"}),
        ('"treat"', '"trick"', {"winback.bonus_activity": "Choose from buy, gone, treat."}),
        ('"treat"', '"gone"', {"winback.bonus_activity": "is_active"}),
    ],
)
def test_winback_names_activities_of_the_program(old: str, new: str, found: dict[str, str]) -> None:
    wrong = problems(SMALL + BONUSES + WINBACK.replace(old, new))
    assert {one.key for one in wrong} == found.keys()
    assert all(found[one.key] in one.remedy for one in wrong)


def test_winback_that_names_what_there_is_has_no_flaw() -> None:
    assert validate(definition(SMALL + BONUSES + WINBACK)) == ()


def test_a_bonus_is_given_and_not_computed() -> None:
    wrong = problems(SMALL + WINBACK.replace('"treat"', '"buy"'))
    assert [one.key for one in wrong] == ["winback.bonus_activity"]
    assert "fixed" in wrong[0].remedy
    ordered = BONUSES.replace('name = "Treat"', 'name = "Treat"\non = "order"')
    first = SMALL.replace('on = "order"', 'on = "request"')
    wrong = problems(first + ordered + WINBACK)
    assert [one.key for one in wrong] == ["winback.bonus_activity"]
    assert "request" in wrong[0].remedy


def test_reminders_are_named_once_and_read() -> None:
    wrong = problems(
        f"{SMALL}\n[reminders]\nexpiring_days = [7, 2, 7]\nunused_points_minimum = 10\n"
    )
    assert [one.key for one in wrong] == [
        "reminders.expiring_days[2]",
        "reminders.unused_points_minimum",
    ]
    read = "[reminders]\nunused_points_days = 9\nunused_points_minimum = 10\n"
    assert validate(definition(f"{SMALL}\n{read}")) == ()


def test_without_tiers_there_is_none_to_name() -> None:
    levels = SMALL[SMALL.index("[[tiers.levels]]") : SMALL.index("[[activities]]")]
    found = problems(changed(levels, ""))
    assert [one.key for one in found] == [f"{RULE}.conditions[1].value", "rewards[0].tiers[0]"]
    assert {one.remedy for one in found} == {"There is none to choose from: define one first."}


SECOND = (
    SMALL
    + """
[[activities]]
id = "buy"
name = "Buying again"
on = "order"
computation = { kind = "fixed" }

[[rewards]]
id = "mug"
name = "The same mug"
sub_type = "custom"
points = 5
"""
)


def test_ids_are_unique_and_one_activity_is_set_off_by_orders() -> None:
    found = {one.key: one for one in problems(SECOND)}
    assert set(found) == {"activities[1].id", "activities[1].on", "rewards[1].id"}
    assert found["rewards[1].id"].line == line_of('name = "The same mug"', SECOND) - 1
    assert found["activities[1].on"].line == line_of('name = "Buying again"', SECOND) + 1


def test_all_that_is_wrong_comes_at_once() -> None:
    text = changed('"EUR"', '"EUX"', SECOND)
    text = changed("threshold = 300", "threshold = 0", text)
    text = changed('"at_least"', '"at_most_of_all"', text)
    found = problems(text)
    assert len(found) == 6
    assert [one.line for one in found] == sorted(one.line for one in found)
    assert all(one.remedy.endswith((".", "?")) and one.message.endswith(".") for one in found)


@pytest.mark.parametrize("operator", sorted(catalogue()))
def test_the_examples_of_an_operator_are_values_that_it_accepts(operator: str) -> None:
    kind = catalogue()[operator]
    assert kind.operand.read(kind.example.value) is not None
    assert kind.operand.read(kind.counter_example.value) is not None
    assert kind.operand.read({"not": "a value"}) is None


def test_a_tier_is_named_without_regard_to_case() -> None:
    text = changed('operator = "equals", value = "red"', 'operator = "equals", value = "RED"')
    assert definition(text).activities[0].rules[0].conditions[1].value == "RED"
