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
from stampbook.core.definition import Definition
from stampbook.core.draft import Draft
from stampbook.values.instants import Instant


class DueKind(Struct, frozen=True, kw_only=True):
    """One kind of due work.

    Shapes: `rank` orders kinds that are due at the same instant; `run` happens at `draft.at`.
    """

    rank: int
    next: Callable[[Book, Definition], Instant | None]
    run: Callable[[Draft, Book], None]


@cache
def catalogue() -> tuple[DueKind, ...]:
    """Give every kind of due work by rank, found by walking this folder."""
    modules = iter_modules(__path__, f"{__name__}.")
    kinds = [import_module(module.name).DUE for module in modules]
    ranks = {kind.rank for kind in kinds}
    assert len(ranks) == len(kinds), "two kinds of due work have the same rank"
    return tuple(sorted(kinds, key=lambda kind: kind.rank))


def _earliest(book: Book, definition: Definition) -> tuple[Instant, DueKind] | None:
    found: tuple[Instant, DueKind] | None = None
    if book.member.status == "deleted":
        return None
    for kind in catalogue():
        at = kind.next(book, definition)
        if at is not None and (found is None or at < found[0]):
            found = (at, kind)
    return found


def next_due(book: Book, definition: Definition) -> Instant | None:
    """Give when the member's next work is due; None when nothing is."""
    earliest = _earliest(book, definition)
    return earliest[0] if earliest else None


def settle(draft: Draft, book: Book) -> None:
    """Run all work of a member that is due at the draft's present, in due order."""
    while (earliest := _earliest(book, draft.definition)) is not None:
        at, kind = earliest
        if at > draft.now:
            break
        _run(draft, book, kind, at)
    draft.at = draft.now


def _run(draft: Draft, book: Book, kind: DueKind, at: Instant) -> None:
    """Run one item at its instant, but never before what has already happened to the member."""
    draft.at = max(at, book.member.modified_at)
    kind.run(draft, book)


def run_earliest(draft: Draft, until: Instant, limit: int) -> tuple[int, Instant, bool]:
    """Run the due work of the loaded members in due order over all of them.

    Shapes: gives how many items ran, up to which instant nothing is left, and whether nothing is
    left until `until`. With `limit` members loaded there may be others due after the last of
    them, so work past that instant waits for the next run.
    """
    books = [draft.book(member) for member in draft.state.due]
    for book in books:  # stored even if nothing runs: a changed definition moves what is due
        draft.change_counters(book, book.counters)
    due = [(at, book.member.id) for book in books if (at := next_due(book, draft.definition))]
    finished = len(books) < limit
    horizon = until if finished else min(until, max((at for at, _ in due), default=until))
    heapify(due)
    items = 0
    while due and due[0][0] <= horizon:
        _, member = heappop(due)
        book = draft.book(member)
        earliest = _earliest(book, draft.definition)
        assert earliest is not None
        at, kind = earliest
        _run(draft, book, kind, at)
        items += 1
        following = next_due(book, draft.definition)
        if following is not None:
            heappush(due, (following, member))
    draft.at = draft.now
    return items, horizon, finished
