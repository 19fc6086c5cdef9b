"""Silence: listeners that nobody listens to are given up, on every clock.

Shapes: whoever listens does so in real time, also in a program whose test clock stands.
Source: decisions/0029.
"""

from collections.abc import Callable

from stampbook.engine.writer import Engine
from stampbook.store.deliveries import Deliveries
from stampbook.store.listening import give_up_silent

TRANSACTIONS_MAX = 100
"""What falls due meanwhile must not wait for long."""


def give_up_some(engine: Engine, new_id: Callable[[], str], now_ms: int) -> int:
    """Disable the listeners whose requests nobody asks for any more; gives how many.

    Errors: StoreError; what was disabled before it stays so.
    """
    queue, done = Deliveries(engine.backend, new_id, engine.programs), 0
    for _ in range(TRANSACTIONS_MAX):
        with engine.backend.transaction() as unit:
            some = give_up_silent(unit, queue, now_ms)
        if not some:
            break
        done += len(some)
    return done
