"""Draining: how long a backlog takes when the endpoints that it was held for are opened again."""

from bench.backlog import ENDPOINTS, deliver_backlog
from bench.ground import Ground
from bench.receiver import receiving
from bench.report import Measured

HELD, HELD_QUICK = 100_000, 10_000
BACK_ENDS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def measure(ground: Ground) -> list[Measured]:
    """Measure once on each back end; the slower one counts. A name says how many were held."""
    held = HELD_QUICK if ground.is_quick else HELD
    with receiving() as receiver:
        took = {kind: deliver_backlog(ground, kind, receiver, held).draining for kind in BACK_ENDS}
    return [
        Measured(
            name=f"drain_{held}_seconds",
            value=max(took.values()),
            baseline=f"deliveries held for {ENDPOINTS} endpoints, the slower back end",
        ),
        *(
            Measured(name=f"drain_{held}_seconds_{kind}", value=took[kind], baseline=f"on {name}")
            for kind, name in BACK_ENDS.items()
        ),
    ]
