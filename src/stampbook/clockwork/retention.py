"""Retention: what has had its time goes, a piece at a time, on every clock.

Shapes: the log and the bodies of facts are recorded in real time, so they go by real time, also in
a program whose test clock stands. One process at a time works on a program; another that was
killed left whole transactions, and whoever comes next goes on where it stopped.
Source: decisions/0025.
"""

from collections import deque
from collections.abc import Callable

from stampbook.core.retention import DAY_MS, Retention, cuts
from stampbook.store.backend import Backend
from stampbook.store.retention import Piece, go_on
from stampbook.values.ids import ProgramId

PIECE_ROWS = 250
"""Rows that one transaction looks at: writers of points wait for it on SQLite."""

PIECES_PER_TICK_MAX = 50
"""What falls due meanwhile must not wait for long."""

PROGRAMS = "SELECT id FROM program ORDER BY id"


def name_of(program_id: ProgramId) -> str:
    """Give the name that whoever lets a program's old rows go holds alone."""
    return f"retention {program_id}"


class Clearance:
    """Lets go of what has had its time: of each program once a day, `pieces` of work a tick."""

    def __init__(
        self, backend: Backend, retention: Retention, *, pieces: int = PIECES_PER_TICK_MAX
    ) -> None:
        self._backend = backend
        self._retention = retention
        self._pieces = pieces
        self._day = 0
        self._programs: deque[ProgramId] = deque()  # not done yet today

    def tick(self, now_ms: int, is_stopping: Callable[[], bool]) -> int:
        """Do some of what is to be done now; gives how many rows were looked at.

        Errors: StoreError; what went before it is gone.
        """
        if now_ms // DAY_MS > self._day:
            with self._backend.read() as unit:
                self._programs = deque(ProgramId(row[0]) for row in unit.rows(PROGRAMS))
            self._day = now_ms // DAY_MS
        looked, left = 0, self._pieces
        for _ in range(len(self._programs)):
            if not left or is_stopping():
                break
            pieces = self._work(self._programs[0], now_ms, left, is_stopping)
            looked, left = looked + sum(piece.looked for piece in pieces), left - len(pieces)
            if pieces and pieces[-1].part is None:
                self._programs.popleft()
            else:
                self._programs.rotate(-1)  # somebody else is at it, or there is more to do
        return looked

    def _work(
        self, program: ProgramId, now_ms: int, pieces_max: int, is_stopping: Callable[[], bool]
    ) -> list[Piece]:
        at, done = cuts(self._retention, now_ms), list[Piece]()
        with self._backend.alone(name_of(program)) as is_ours:
            while is_ours and len(done) < pieces_max and not is_stopping():
                with self._backend.transaction() as unit:
                    done.append(go_on(unit, program, at, at_ms=now_ms, limit=PIECE_ROWS))
                if done[-1].part is None:
                    break
        return done
