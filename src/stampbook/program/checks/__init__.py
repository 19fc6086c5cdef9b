"""Checks: what the parts of a definition must mean together, one subject one file.

A file's CHECK maps a definition to its flaws; all of them are found by walking this folder.
"""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from stampbook.core.definition import Definition
from stampbook.program.problems import Flaw

__all__ = ["Check", "catalogue"]

Check = Callable[[Definition], Iterator[Flaw]]


@cache
def catalogue() -> tuple[Check, ...]:
    """Give every check."""
    return tuple(
        import_module(f"{__name__}.{module.name}").CHECK for module in iter_modules(__path__)
    )
