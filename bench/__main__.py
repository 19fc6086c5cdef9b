"""Measure: `python -m bench [--quick] [--only PART]` prints a table and writes build/bench.json."""

import argparse
import gc
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import (
    batches,
    campaigning,
    deliveries,
    draining,
    falling_due,
    hindsight,
    http_awards,
    neighbours,
    receipts,
    takeover,
    task_queues,
)
from bench.ground import Ground
from bench.report import Measured, show, write
from stampbook.bootstrap import COLLECT_AFTER, configure_logs
from stampbook.config import LogSettings

PARTS: dict[str, Callable[[Ground], list[Measured]]] = {
    "engine_sqlite": batches.measure_sqlite,
    "engine_postgres": batches.measure_postgres,
    "clockwork": falling_due.measure,
    "http": http_awards.measure,
    "import": takeover.measure,
    "campaigns": campaigning.measure,
    "simulation": hindsight.measure,
    "deliveries": deliveries.measure,
    "drain": draining.measure,
    "receipts": receipts.measure,
    "neighbours": neighbours.measure,
    "procrastinate": task_queues.measure_procrastinate,
    "celery": task_queues.measure_celery,
}


def main() -> int:
    """Measure what is asked for; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    parser.add_argument("--quick", action="store_true", help="less exact, in half a minute")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    asked = parser.parse_args()
    configure_logs(LogSettings(level="error"))
    gc.freeze()  # both as in a server
    gc.set_threshold(COLLECT_AFTER)
    measured: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="stampbook-bench-") as folder, ExitStack() as stack:
        ground = Ground(Path(folder), stack, is_quick=asked.quick)
        for name, measure in PARTS.items():
            if asked.only in {None, name}:
                print(f"measuring {name} ...", file=sys.stderr, flush=True)
                found = measure(ground)
                show(found)
                measured += found
                write(measured)  # what was measured is kept if a later part breaks
    missed = [one for one in measured if one.target and not one.target.is_met(one.value)]
    return 1 if asked.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
