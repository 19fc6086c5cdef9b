"""The clock: the only place that reads the time of day."""

import time
from collections.abc import Callable
from threading import Lock

from stampbook.values.ids import ProgramId

NANOSECONDS_PER_MS = 1_000_000


def real_ms() -> int:
    """Give the milliseconds since 1970 in UTC."""
    return time.time_ns() // NANOSECONDS_PER_MS


class Clock:
    """Time for programs: real, and never earlier than it was; or what a test clock says.

    Shapes: `read` is the source of real time, in milliseconds since 1970.
    """

    def __init__(self, read: Callable[[], int] = real_ms) -> None:
        self._read = read
        self._last: dict[ProgramId, int] = {}
        self._lock = Lock()

    def real_ms(self) -> int:
        """Give real time."""
        return self._read()

    def now_ms(self, program_id: ProgramId, test_ms: int | None) -> int:
        """Give a program's time; `test_ms` is that of its test clock, if it has one."""
        if test_ms is not None:
            return test_ms
        with self._lock:
            now = max(self._read(), self._last.get(program_id, 0))
            self._last[program_id] = now
            return now
