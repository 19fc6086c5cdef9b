"""Triggers: what is done so that a fact happens, one file each; the path is the fact's name.

A recipe asks the API for what a shop, a member or a manager would ask for, with throw-away members,
so that the fact is a real side effect. What a program's definition makes impossible is said, with
what to add, and never faked.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from msgspec import Struct

from stampbook.triggers.stage import Stage

__all__ = ["Recipe", "catalogue"]


class Recipe(Struct, frozen=True, kw_only=True):
    """How one kind of fact is made to happen.

    Shapes: `does` are the steps in words, in order; `takes` what may be chosen for them beside the
    member's own fields. One that `moves_clock` needs a sandbox, and moves time for all its members.
    """

    does: tuple[str, ...]
    run: Callable[[Stage], None]
    takes: tuple[str, ...] = ()
    moves_clock: bool = False
    seconds: int = 0
    """Real seconds that it waits."""

    @property
    def name(self) -> str:
        """The fact's name, made from the path of the file."""
        return self.run.__module__.removeprefix(f"{__name__}.")


@cache
def catalogue() -> Mapping[str, Recipe]:
    """Give every recipe by the name of its fact, found by walking the folders of nouns."""
    found: dict[str, Recipe] = {}
    for noun in iter_modules(__path__, f"{__name__}."):
        if noun.ispkg:
            for module in iter_modules(import_module(noun.name).__path__, f"{noun.name}."):
                recipe: Recipe = import_module(module.name).RECIPE
                found[recipe.name] = recipe
    return found
