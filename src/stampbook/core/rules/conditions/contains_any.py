"""The attribute has at least one of the values among its items."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import SEVERAL

CONDITION = ConditionKind(
    operand=SEVERAL,
    holds=lambda item, choice: choice.has(item),
    words="has one of {value}",
    words_not="has none of {value}",
    example=Sample(["club", "press"], ["staff", "press"]),
    counter_example=Sample(["club"], ["staff", "press"]),
)
