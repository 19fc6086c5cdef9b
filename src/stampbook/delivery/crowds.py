"""Crowds: who waits for the same thing, so that one errand serves them all."""

from collections.abc import Hashable
from typing import Generic, TypeVar

NEVER = float("inf")

T = TypeVar("T")


class Crowds(Generic[T]):
    """Everybody who waits, and until when. Pure: is told the time.

    A crowd stays, even empty, until it is parted: what it waits for is on its way.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[tuple[T, float]]] = {}
        self.patience_ends_at = NEVER
        """No later than this somebody has waited too long."""

    def join(self, what: Hashable, who: T, until: float) -> bool:
        """Let somebody wait, and say whether they are the first who wait for it."""
        is_first = what not in self._waiting
        self._waiting.setdefault(what, []).append((who, until))
        self.patience_ends_at = min(self.patience_ends_at, until)
        return is_first

    def part(self, what: Hashable) -> list[T]:
        """Give everybody who waited for what came now."""
        return [who for who, _ in self._waiting.pop(what, [])]

    def give_up(self, now: float) -> list[T]:
        """Give everybody who has waited too long; they wait no more."""
        late: list[T] = []
        for crowd in self._waiting.values():
            late += [who for who, until in crowd if until <= now]
            crowd[:] = [(who, until) for who, until in crowd if until > now]
        left = (until for crowd in self._waiting.values() for _, until in crowd)
        self.patience_ends_at = min(left, default=NEVER)
        return late
