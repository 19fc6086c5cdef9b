"""Effects: what a rule does to an activity's worth, one file each; the file's name is its name."""

from collections.abc import Callable, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from msgspec import Struct

__all__ = ["EXACT", "UNCHANGED", "EffectKind", "EffectSample", "Worth", "catalogue"]

EXACT = Context(prec=20_000, traps=[Inexact, InvalidOperation])
"""Arithmetic that never rounds: RULES_MAX factors of the longest floats fit its digits.

A float has at most 17 digits and 340 places after the point; 52 of them multiplied need 17,700.
"""


class Worth(Struct, frozen=True):
    """What the rules that fired make of the base: multiplied by `factor`, then `addition` added."""

    factor: Decimal
    addition: Decimal


UNCHANGED = Worth(Decimal(1), Decimal(0))


class EffectSample(Struct, frozen=True):
    """A base, the rule's value, and the points that come out."""

    base: int
    value: float
    points: int


class EffectKind(Struct, frozen=True, kw_only=True):
    """One effect. Shapes: the order in which rules fire changes nothing, so `apply` commutes."""

    apply: Callable[[Worth, Decimal], Worth]
    words: str
    example: EffectSample


@cache
def catalogue() -> Mapping[str, EffectKind]:
    """Give every effect by name, found by walking this folder."""
    return {
        module.name: import_module(f"{__name__}.{module.name}").EFFECT
        for module in iter_modules(__path__)
    }
