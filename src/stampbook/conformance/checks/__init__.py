"""Checks: one file sends one kind of thing; its name is the check's."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from msgspec import Struct

from stampbook.conformance.session import Session

__all__ = ["Check", "catalogue"]


def _never(session: Session) -> str:
    del session
    return ""


class Check(Struct, frozen=True, kw_only=True):
    """Something that a consumer is sent, and what it should do with it.

    Shapes: `run` gives each thing that the consumer did wrong, in words; `spared` says why a
    consumer is not asked, and is empty when it is. `needs_count` tells that answers alone prove
    little. Checks run by rising `rank`.
    """

    rank: int
    sent: str
    wanted: str
    harm: str
    """Whom it hurts when the consumer does something else."""
    needs_count: bool = False
    run: Callable[[Session], Iterator[str]]
    spared: Callable[[Session], str] = _never


@cache
def catalogue() -> Mapping[str, Check]:
    """Give every check by name in the order in which they run, found by walking this folder."""
    found: dict[str, Check] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        found[module.name.removeprefix(f"{__name__}.")] = import_module(module.name).CHECK
    return dict(sorted(found.items(), key=lambda item: item[1].rank))
