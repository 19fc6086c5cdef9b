"""Multiplies the base, together with every other rule that multiplies."""

from stampbook.core.rules.effects import EXACT, EffectKind, EffectSample, Worth

EFFECT = EffectKind(
    apply=lambda worth, value: Worth(EXACT.multiply(worth.factor, value), worth.addition),
    words="multiplies by {value}",
    example=EffectSample(base=40, value=1.5, points=60),
)
