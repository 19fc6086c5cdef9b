"""Erasures: what deletions left to be erased is erased, a piece at a time, on every clock.

Shapes: a promise to a person is kept in real time, also in a program whose test clock stands.
Source: decisions/0015.
"""

from collections.abc import Callable

from stampbook.engine.writer import Engine
from stampbook.store.erasing import go_on, unfinished

PIECE_ROWS = 500
"""Rows that one transaction looks at."""

PIECES_PER_TICK_MAX = 50
"""What falls due meanwhile must not wait for long."""


def erase_some(
    engine: Engine, is_stopping: Callable[[], bool], *, pieces: int = PIECES_PER_TICK_MAX
) -> int:
    """Go on with the erasures that are open; gives how many rows were looked at.

    Errors: StoreError; what was erased before it stays so.
    """
    with engine.backend.read() as unit:
        programs = unfinished(unit)
    rows, left = 0, pieces
    for program in programs:
        while left and not is_stopping():
            left -= 1
            with engine.backend.transaction() as unit:
                looked = go_on(unit, program, at_ms=engine.clock.real_ms(), limit=PIECE_ROWS)
            if not looked:
                break
            rows += looked
    if rows and left and not is_stopping():  # none is open any more
        engine.backend.forget()
    return rows
