"""The attribute is not the value; of several items, none is."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import SCALAR

CONDITION = ConditionKind(
    operand=SCALAR,
    holds=lambda item, choice: not choice.has(item),
    every=True,
    words="is not {value}",
    words_not="is {value}",
    example=Sample(None, "silver"),
    counter_example=Sample(7, "7.0"),
)
