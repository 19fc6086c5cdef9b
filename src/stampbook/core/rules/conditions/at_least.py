"""The attribute is the value or lies above it."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import ORDERED

CONDITION = ConditionKind(
    operand=ORDERED,
    holds=lambda item, bound: bound.side(item) in {0, 1},
    words="is at least {value}",
    words_not="is not at least {value}",
    example=Sample(50, 50),
    counter_example=Sample("49.99", 50),
)
