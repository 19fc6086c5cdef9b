"""The attribute has each of the values among its items; of products, one of them has."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import SEVERAL

CONDITION = ConditionKind(
    operand=SEVERAL,
    holds=lambda items, choice: choice.all_in(items),
    whole=True,
    words="has all of {value}",
    words_not="does not have all of {value}",
    joined="and",
    example=Sample(["sale", "shoes", "red"], ["shoes", "sale"]),
    counter_example=Sample(["shoes"], ["shoes", "sale"]),
)
