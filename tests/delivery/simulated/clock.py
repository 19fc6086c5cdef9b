"""Simulated time: it stands still until the play moves it."""

from dataclasses import dataclass

BEGIN_MS = 1_767_225_600_000
"""When a play begins. Units: milliseconds since 1970."""

US_PER_MS = 1_000
US_PER_SECOND = 1_000_000


@dataclass(slots=True)
class Clock:
    """Microseconds since a play began, and what a worker reads from them."""

    now_us: int = 0

    def now_ms(self) -> int:
        return BEGIN_MS + self.now_us // US_PER_MS

    def elapsed(self) -> float:
        return self.now_us / US_PER_SECOND


def us_of(at_ms: int) -> int:
    """Give the microsecond at which a wall clock begins to show an instant."""
    return (at_ms - BEGIN_MS) * US_PER_MS
