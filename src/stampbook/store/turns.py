"""Turns: who waits first writes first, and nobody polls."""

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock


class Turns:
    """A lock that is handed on in the order of asking; a plain one lets a busy thread retake it."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._taken = False

    @contextmanager
    def turn(self, *, waits: bool = True) -> Generator[bool]:
        """Have a turn; False at once when it is somebody else's and this one is not to wait."""
        taken = self._take(waits=waits)
        try:
            yield taken
        finally:
            if taken:
                self._hand_on()

    def _take(self, *, waits: bool) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            if not waits:
                return False
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()
        return True

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
