"""Throttle: how often a public page may be posted to, counted in this process alone.

Shapes: it spares the engine a flood; what may happen how often is decided by the core.
"""

from collections import OrderedDict
from collections.abc import Callable

KEYS_MAX = 10_000
"""Units: keys that are counted at the same time; the one that began first is forgotten."""


class Throttle:
    """Counts uses of keys in windows that begin with the first use. Units: seconds."""

    __slots__ = ("_clock", "_seconds", "_times", "_windows")

    def __init__(self, times: int, seconds: float, clock: Callable[[], float]) -> None:
        self._times = times
        self._seconds = seconds
        self._clock = clock
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Count a use of a key, and tell whether it is one of those that are allowed."""
        now = self._clock()
        since, uses = self._windows.get(key, (now, 0))
        if now - since >= self._seconds:
            since, uses = now, 0
            self._windows.pop(key, None)  # a new window goes to the end
        self._windows[key] = (since, uses + 1)
        if len(self._windows) > KEYS_MAX:
            self._windows.popitem(last=False)
        return uses < self._times
