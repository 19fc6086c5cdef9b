"""The attribute has none of the values among its items."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import SEVERAL

CONDITION = ConditionKind(
    operand=SEVERAL,
    holds=lambda item, choice: not choice.has(item),
    every=True,
    words="has none of {value}",
    words_not="has one of {value}",
    example=Sample(["club"], ["staff"]),
    counter_example=Sample(["club", "staff"], ["staff"]),
)
