"""The attribute has no value; an empty text and an empty list are none."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import NOTHING

CONDITION = ConditionKind(
    operand=NOTHING,
    holds=lambda _item, _nothing: False,
    every=True,
    words="is not set",
    words_not="is set",
    example=Sample([]),
    counter_example=Sample("x"),
)
