"""Adds fixed points, after everything that multiplies."""

from stampbook.core.rules.effects import EXACT, EffectKind, EffectSample, Worth

EFFECT = EffectKind(
    apply=lambda worth, value: Worth(worth.factor, EXACT.add(worth.addition, value)),
    words="adds {value}",
    example=EffectSample(base=40, value=25, points=65),
)
