"""Explain: the trace of a valuation, in sentences that a manager or a member understands."""

from decimal import Decimal

from msgspec import Struct

from stampbook.core.rules.operands import number_in
from stampbook.core.rules.valuation import ConditionTrace, RuleTrace, Valuation
from stampbook.core.rules.words import (
    attribute_words,
    condition_words,
    effect_words,
    spell,
    spell_number,
)

ROUNDED = {
    "down": "rounded down",
    "up": "rounded up",
    "half_up": "rounded to the nearest, a half up",
    "half_even": "rounded to the nearest, a half to the even",
}


class RuleExplained(Struct, frozen=True, kw_only=True):
    """Why a rule fired or did not."""

    name: str
    fired: bool
    sentence: str


class Explanation(Struct, frozen=True, kw_only=True):
    """Why an activity is worth what it is worth, one sentence for each step."""

    points: int
    base: str
    rules: tuple[RuleExplained, ...]
    tier: str | None
    campaigns: tuple[str, ...] = ()
    result: str

    def sentences(self) -> tuple[str, ...]:
        """Give every sentence in the order of the computation."""
        tier = () if self.tier is None else (self.tier,)
        rules = (rule.sentence for rule in self.rules)
        return (self.base, *rules, *tier, *self.campaigns, self.result)


def explain(valuation: Valuation) -> Explanation:
    """Put a valuation in words; it judges nothing again."""
    off = [rule for rule in valuation.activity.rules if not rule.is_active]
    return Explanation(
        points=valuation.points,
        base=_base(valuation),
        rules=(
            *(_rule(trace) for trace in valuation.rules),
            *(
                RuleExplained(
                    name=rule.name,
                    fired=False,
                    sentence=f"“{rule.name}” does not apply: it is switched off.",
                )
                for rule in off
            ),
        ),
        tier=None
        if valuation.tier_multiplier == 1
        else f"The member's tier multiplies by {spell_number(valuation.tier_multiplier)}.",
        campaigns=tuple(
            f"The campaign “{one.name}” multiplies by {spell_number(one.multiplier)}."
            for one in valuation.campaigns
        ),
        result=_result(valuation),
    )


def _base(valuation: Valuation) -> str:
    computation = valuation.activity.computation
    name, base = valuation.activity.name, spell_number(valuation.base)
    if computation.kind == "fixed":
        return f"{name} is worth {base} points."
    words = attribute_words(f"transaction.{computation.attribute}")
    source, times = number_in(valuation.source), spell_number(computation.multiplier)
    return f"{name} is worth {times} for each 1 of {words}: {times} x {source} = {base}."


def _rule(trace: RuleTrace) -> RuleExplained:
    because = "; ".join(_condition(condition) for condition in _decisive(trace))
    name, effect = trace.rule.name, effect_words(trace.rule)
    if trace.fired:
        why = because or "it has no conditions"
        sentence = f"“{name}” applies and {effect}: {why}."
    else:
        sentence = f"“{name}” does not apply: {because}."
    return RuleExplained(name=name, fired=trace.fired, sentence=sentence)


def _decisive(trace: RuleTrace) -> tuple[ConditionTrace, ...]:
    return tuple(condition for condition in trace.conditions if condition.held is trace.fired)


def _condition(trace: ConditionTrace) -> str:
    return condition_words(trace.condition, held=trace.held, found=spell(trace.found))


def _result(valuation: Valuation) -> str:
    steps = spell_number(valuation.base)
    campaigns = (one.multiplier for one in valuation.campaigns)
    for factor in (valuation.factor, valuation.tier_multiplier, *campaigns):
        if factor != 1:
            steps += f" x {spell_number(factor)}"
    if valuation.addition:
        steps += f" + {spell_number(valuation.addition)}"
    exact = spell_number(valuation.exact)
    if steps != exact:
        steps += f" = {exact}"
    rounded = ROUNDED[valuation.activity.computation.rounding]
    if valuation.exact == valuation.exact.to_integral_value():
        rounded = ""
    if valuation.exact != Decimal(valuation.points) and not rounded:
        rounded = "kept within its bounds"
    return f"{steps}{rounded and f', {rounded}'}: {valuation.points} points."
