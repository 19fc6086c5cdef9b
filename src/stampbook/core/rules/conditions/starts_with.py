"""The attribute begins with the text."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import TEXT, fold

CONDITION = ConditionKind(
    operand=TEXT,
    holds=lambda item, text: fold(item).startswith(text),
    words="starts with {value}",
    words_not="does not start with {value}",
    example=Sample("SUMMER-4711", "summer-"),
    counter_example=Sample("late-summer-", "summer-"),
)
