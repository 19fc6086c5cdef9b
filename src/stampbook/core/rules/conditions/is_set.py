"""The attribute has a value; an empty text and an empty list are none."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import NOTHING

CONDITION = ConditionKind(
    operand=NOTHING,
    holds=lambda _item, _nothing: True,
    words="is set",
    words_not="is not set",
    example=Sample(0),
    counter_example=Sample(""),
)
