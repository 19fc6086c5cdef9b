"""The attribute ends with the text."""

from stampbook.core.rules.conditions import ConditionKind, Sample
from stampbook.core.rules.operands import TEXT, fold

CONDITION = ConditionKind(
    operand=TEXT,
    holds=lambda item, text: fold(item).endswith(text),
    words="ends with {value}",
    words_not="does not end with {value}",
    example=Sample("ann@shop.example", "@shop.example"),
    counter_example=Sample("ann@shop.example.org", "@shop.example"),
)
