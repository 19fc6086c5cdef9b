"""Turns: who waits first writes first, and nobody polls."""

from collections import deque
from contextlib import AbstractContextManager
from threading import Lock
from types import TracebackType


class Turns(AbstractContextManager[None]):
    """A lock that is handed on in the order of asking; a plain one lets a busy thread retake it."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
