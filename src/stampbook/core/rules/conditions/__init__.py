"""Conditions: the operators of rules, one file each; the file's name is the operator's name.

A file says how the operator compares, which value it wants, its words, an example that holds and a
counter-example that does not.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal

from msgspec import Struct

from stampbook.core.rules.operands import Operand

__all__ = ["ConditionKind", "Sample", "catalogue"]


class Sample(Struct, frozen=True):
    """What was found, and the value it is compared with; None found is an unset attribute."""

    found: Any
    value: Any = None


class ConditionKind(Struct, frozen=True, kw_only=True):
    """One operator.

    Shapes: `holds(item, wanted)` judges one item against the value as `operand.read` gave it.
    An attribute may have no item (unset), one, or several (tags, products): one that holds is
    enough, or with `every` none may fail, so that an unset attribute holds too. `whole` gives all
    items of one list at once instead. `words` and `words_not` follow the attribute's name, with
    `{value}` in its place.
    """

    operand: Operand
    holds: Callable[[Any, Any], bool]
    every: bool = False
    whole: bool = False
    words: str
    words_not: str
    joined: Literal["or", "and"] = "or"
    """How several values are joined in a sentence."""
    example: Sample
    counter_example: Sample


@cache
def catalogue() -> Mapping[str, ConditionKind]:
    """Give every operator by name, found by walking this folder."""
    return {
        module.name: import_module(f"{__name__}.{module.name}").CONDITION
        for module in iter_modules(__path__)
    }
