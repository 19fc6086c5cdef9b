"""Due work: what time alone makes happen to a member, one kind one file.

A kind says when it is next due for a book and what it does at that instant. `settle` catches a
member up before a command decides about them; `run_earliest` is the sweep. Both run each item at
its own instant, so the rows are the same whether or not a sweep came first.

Source: contract section 2, "reading a balance never depends on a sweep"; decisions/0003.
"""

from collections.abc import Callable
from functools import cache
from heapq import heapify, heappop, heappush
from importlib import import_module
from pkgutil import iter_modules

from msgspec import Struct

from stampbook.core.book import Book
from stampbook.core.draft import Draft, Program
from stampbook.values.ids import MemberId
from stampbook.values.instants import Instant

ITEMS_PER_MEMBER_MAX = 10_000
"""A member who was away for years has fewer; more is a kind that does not get done."""

ITEMS_PER_RUN_MAX = 10_000
FACTS_PER_RUN_MAX = 5_000
"""A run is one transaction, which others may have to wait for."""


class DueKind(Struct, frozen=True, kw_only=True):
    """One kind of due work.

    Shapes: `rank` orders kinds that are due at the same instant; `run` happens at `draft.at`.
    """

    rank: int
    next: Callable[[Book, Program], Instant | None]
    run: Callable[[Draft, Book], None]


Waiting = tuple[Instant, MemberId, DueKind]
"""The next item of a member: sorted by instant, then by member."""


@cache
def catalogue() -> tuple[DueKind, ...]:
    """Give every kind of due work by rank, found by walking this folder."""
    modules = iter_modules(__path__, f"{__name__}.")
    kinds = [import_module(module.name).DUE for module in modules]
    ranks = {kind.rank for kind in kinds}
    assert len(ranks) == len(kinds), "two kinds of due work have the same rank"
    return tuple(sorted(kinds, key=lambda kind: kind.rank))


def _earliest(book: Book, program: Program) -> tuple[Instant, DueKind] | None:
    found: tuple[Instant, DueKind] | None = None
    if book.member.status in {"deleted", "merged"}:
        return None
    for kind in catalogue():
        at = kind.next(book, program)
        if at is not None and (found is None or at < found[0]):
            found = (at, kind)
    return found


def next_due(book: Book, program: Program) -> Instant | None:
    """Give when the member's next work is due; None when nothing is."""
    earliest = _earliest(book, program)
    return earliest[0] if earliest else None


def settle(draft: Draft, book: Book) -> None:
    """Run all work of a member that is due at the draft's present, in due order.

    Errors: AssertionError past ITEMS_PER_MEMBER_MAX items.
    """
    items = 0
    while (earliest := _earliest(book, draft.program)) is not None:
        at, kind = earliest
        if at > draft.now:
            break
        items += 1
        assert items <= ITEMS_PER_MEMBER_MAX, f"the due work of rank {kind.rank} has no end"
        _run(draft, book, kind, at)
    draft.at = draft.now


def _run(draft: Draft, book: Book, kind: DueKind, at: Instant) -> None:
    """Run one item at its instant, but never before what has already happened to the member."""
    draft.at = max(at, book.member.modified_at)
    kind.run(draft, book)


def run_earliest(draft: Draft, until: Instant) -> tuple[int, Instant, bool]:
    """Run the due work of the loaded members in due order over all of them.

    Shapes: gives how many items ran, up to which instant nothing is left, and whether nothing is
    left until `until`. Where others may be due after the last of the loaded ones, work past that
    instant waits for the next run, and so does what comes after FACTS_PER_RUN_MAX facts.
    """
    to = draft.state.due_to
    finished = to is None or to > until
    horizon = until if finished or to is None else to
    waiting = _waiting(draft, horizon)
    left = ITEMS_PER_RUN_MAX
    while waiting and left and len(draft.changes.facts) < FACTS_PER_RUN_MAX:
        at, member, kind = heappop(waiting)
        book = draft.book(member)
        _run(draft, book, kind, at)
        left -= 1
        following = _earliest(book, draft.program)
        if following is not None and following[0] <= horizon:
            heappush(waiting, (following[0], member, following[1]))
    draft.at = draft.now
    items = ITEMS_PER_RUN_MAX - left
    return (items, waiting[0][0], False) if waiting else (items, horizon, finished)


def _waiting(draft: Draft, horizon: Instant) -> list[Waiting]:
    """Give the first item of each loaded member who has one by the horizon, as a heap."""
    waiting: list[Waiting] = []
    for member in draft.state.due:
        book = draft.book(member)
        earliest = _earliest(book, draft.program)
        if earliest is not None and earliest[0] <= horizon:
            waiting.append((earliest[0], member, earliest[1]))
        else:  # a change of the rules moved it: what is stored is worked out again
            draft.change_counters(book, book.counters)
    heapify(waiting)
    return waiting
