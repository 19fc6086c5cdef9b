"""Jobs: due work that has an index of its own, because it belongs to no single member's row.

A file here says when the next of its work is due, and which commands do what is due. The sweep asks
and submits them between the work of members, in due order.

Source: decisions/0014.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from msgspec import Struct

from stampbook.commands import Command
from stampbook.core.draft import Program
from stampbook.store.backend import Unit
from stampbook.values.instants import Instant


class Job(Struct, frozen=True, kw_only=True):
    """One kind of such work, in a module as `JOB`.

    Shapes: `rank` orders jobs that are due at the same instant. `next_at` gives the earliest
    instant at which something is due, by an index, None when nothing is. `commands` gives the
    commands that do what is due by an instant, for at most so many items; when they are done, that
    is not due any more: one that is wanted again right after it was done counts as refused. A
    command looks again whether its work is still due and does nothing otherwise: another process
    may have been earlier.
    """

    rank: int
    next_at: Callable[[Unit, Program], Instant | None]
    commands: Callable[[Unit, Program, Instant, int], Sequence[Command]]


@cache
def catalogue() -> tuple[Job, ...]:
    """Give every job by rank, found by walking this folder."""
    modules = iter_modules(__path__, f"{__name__}.")
    jobs: list[Job] = [import_module(module.name).JOB for module in modules]
    ranks = {job.rank for job in jobs}
    assert len(ranks) == len(jobs), "two jobs have the same rank"
    return tuple(sorted(jobs, key=lambda job: job.rank))
