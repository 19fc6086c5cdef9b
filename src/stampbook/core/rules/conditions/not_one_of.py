"""The attribute is none of the values."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import ONE_OF_SEVERAL

CONDITION = ConditionKind(
    operand=ONE_OF_SEVERAL,
    holds=lambda item, choice: not choice.has(item),
    every=True,
    words="is none of {value}",
    words_not="is one of {value}",
    example=Sample("fr", ["at", "de"]),
    counter_example=Sample("de", ["at", "de"]),
)
