"""Interrupts: Ctrl-C asks long work to stop at the next good place; a second one ends it."""

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def interruptible() -> Generator[Callable[[], bool]]:
    """Give a function that says whether somebody asked to stop, by Ctrl-C or by SIGTERM."""
    asked = Event()

    def remember(number: int, frame: FrameType | None) -> None:
        del number, frame
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
