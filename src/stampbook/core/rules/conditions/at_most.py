"""The attribute is the value or lies below it."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import ORDERED

CONDITION = ConditionKind(
    operand=ORDERED,
    holds=lambda item, bound: bound.side(item) in {-1, 0},
    words="is at most {value}",
    words_not="is not at most {value}",
    example=Sample("3.00", 3),
    counter_example=Sample("three", 3),
)
