"""The attribute has the text somewhere in it."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import TEXT, fold

CONDITION = ConditionKind(
    operand=TEXT,
    holds=lambda item, text: text in fold(item),
    words="contains {value}",
    words_not="does not contain {value}",
    example=Sample("a gift for Eve", "GIFT"),
    counter_example=Sample("for Eve", "gift"),
)
