"""The attribute lies between two values or is one of them."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import RANGE

CONDITION = ConditionKind(
    operand=RANGE,
    holds=lambda item, bounds: bounds[0].side(item) in {0, 1} and bounds[1].side(item) in {-1, 0},
    words="lies between {value}",
    words_not="does not lie between {value}",
    joined="and",
    example=Sample("20", [10, 20]),
    counter_example=Sample("20.01", [10, 20]),
)
