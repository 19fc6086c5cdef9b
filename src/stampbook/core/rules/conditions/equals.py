"""The attribute is the value; of several items, one is."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import SCALAR

CONDITION = ConditionKind(
    operand=SCALAR,
    holds=lambda item, choice: choice.has(item),
    words="is {value}",
    words_not="is not {value}",
    example=Sample("12.50", 12.5),
    counter_example=Sample("gold", "silver"),
)
