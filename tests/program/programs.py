"""Program texts for tests: a small one that is right, and what is read of it."""

from stampbook.core.definition import Definition
from stampbook.program.parse import parse
from stampbook.program.problems import Problem

SMALL = """\
[program]
name = "Corner Shop"
currency = "EUR"
time_zone = "Europe/Paris"
referral_link = "https://corner.example/{code}"

[points]
expiry = { months = 6 }

[tiers]
period = { kind = "cycle", months = 6 }

[[tiers.levels]]
id = "blue"
name = "Blue"
threshold = 0

[[tiers.levels]]
id = "red"
name = "Red"
threshold = 300

[[activities]]
id = "buy"
name = "Buying"
on = "order"
computation = { kind = "multiplier_based" }

[[activities.rules]]
name = "Large"
effect = "add"
value = 10
conditions = [
  { attribute = "transaction.order_subtotal", operator = "at_least", value = 50 },
  { attribute = "member.tier", operator = "equals", value = "red" },
]

[[rewards]]
id = "mug"
name = "A mug"
sub_type = "product"
points = 100
product_id = "mug-1"
tiers = ["red"]
"""


def definition(text: str = SMALL) -> Definition:
    """Read a text that is right."""
    read = parse(text)
    assert isinstance(read, Definition), [str(problem) for problem in read]
    return read


def problems(text: str) -> tuple[Problem, ...]:
    """Read a text that is wrong."""
    read = parse(text, "shop.toml")
    assert not isinstance(read, Definition)
    return read


def changed(old: str, new: str, text: str = SMALL) -> str:
    """Replace the one place that says something."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def line_of(piece: str, text: str) -> int:
    """Give the line of the one place that says something."""
    assert text.count(piece) == 1, piece
    return text[: text.index(piece)].count("\n") + 1
