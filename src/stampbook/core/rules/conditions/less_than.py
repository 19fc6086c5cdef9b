"""The attribute lies below the value."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import ORDERED

CONDITION = ConditionKind(
    operand=ORDERED,
    holds=lambda item, bound: bound.side(item) == -1,
    words="is less than {value}",
    words_not="is not less than {value}",
    example=Sample("2029-12-31T23:59:59Z", "2030-01-01"),
    counter_example=Sample("2030-01-01", "2030-01-01"),
)
