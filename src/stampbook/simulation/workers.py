"""Workers: a simulation over as many processes as there are cores."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from stampbook.simulation.comparison import Report, together
from stampbook.simulation.run import Simulation, simulate
from stampbook.store.backend import Backend, open_backend
from stampbook.values.ids import MemberId

Group = Sequence[MemberId]

ALONE_BELOW = 5
"""Units: groups. Fewer are done before another process has started."""

_opened: list[Backend] = []


def simulate_all(
    url: str,
    simulation: Simulation,
    groups: Sequence[Group],
    on_progress: Callable[[int], None],
    *,
    processes: int | None = None,
) -> Report:
    """Replay all groups of members; `on_progress` is told how many members were just done."""
    wanted = min(processes or os.cpu_count() or 1, len(groups))
    if wanted <= 1 or len(groups) < ALONE_BELOW:
        return _alone(url, simulation, groups, on_progress)
    report = simulation.nothing
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(wanted, context, initializer=_open, initargs=(url,)) as pool:
        try:
            doing = {pool.submit(_group, simulation, group): len(group) for group in groups}
            for done in as_completed(doing):
                report = together(report, done.result())
                on_progress(doing[done])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return report


def _alone(
    url: str, simulation: Simulation, groups: Sequence[Group], on_progress: Callable[[int], None]
) -> Report:
    backend = open_backend(url)
    report = simulation.nothing
    try:
        for group in groups:
            with backend.read() as unit:
                report = together(report, simulate(unit, simulation, group))
            on_progress(len(group))
    finally:
        backend.close()
    return report


def _open(url: str) -> None:
    _opened.append(open_backend(url))


def _group(simulation: Simulation, group: Group) -> Report:
    with _opened[0].read() as unit:
        return simulate(unit, simulation, group)
