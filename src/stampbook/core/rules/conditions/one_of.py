"""The attribute is one of the values."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import ONE_OF_SEVERAL

CONDITION = ConditionKind(
    operand=ONE_OF_SEVERAL,
    holds=lambda item, choice: choice.has(item),
    words="is one of {value}",
    words_not="is none of {value}",
    example=Sample("DE", ["at", "de"]),
    counter_example=Sample("fr", ["at", "de"]),
)
