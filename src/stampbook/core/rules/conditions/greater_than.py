"""The attribute lies above the value."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import ORDERED

CONDITION = ConditionKind(
    operand=ORDERED,
    holds=lambda item, bound: bound.side(item) == 1,
    words="is more than {value}",
    words_not="is not more than {value}",
    example=Sample("50.01", 50),
    counter_example=Sample(50, 50),
)
