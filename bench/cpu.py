"""CPU time of processes and machine, from /proc. Units: seconds."""

import os
import resource
from pathlib import Path

from msgspec import Struct

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
NAME_ENDS = ") "
PARENT, USED, REAPED = 1, (11, 12), (13, 14)
"""Places in /proc/<pid>/stat after the name in brackets; user and system."""


class Cpu(Struct, frozen=True):
    """What a process and those it started used: on their main threads, and on all others.

    Shapes: those that have ended count among the others.
    """

    main: float
    others: float

    def since(self, before: "Cpu") -> "Cpu":
        """Give what was used after an earlier reading."""
        return Cpu(self.main - before.main, self.others - before.others)

    @property
    def total(self) -> float:
        """The sum."""
        return self.main + self.others


def cpu_of(process: int) -> Cpu:
    """Read what a process and all its living descendants have used."""
    main = total = 0.0
    for each in family(process):
        total += _seconds(Path(f"/proc/{each}/stat"), (*USED, *REAPED))
        main += _seconds(Path(f"/proc/{each}/task/{each}/stat"), USED)
    return Cpu(main, total - main)


def family(process: int) -> list[int]:
    """Give a process and its living descendants."""
    parents = {
        int(path.name): parent_of(int(path.name))
        for path in Path("/proc").iterdir()
        if path.name.isdecimal()
    }
    found = [process]
    for each in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == each]
    return found


def machine_busy_share(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Give the share of the machine that was at work between two readings of `machine_ticks`."""
    busy, idle = (late - early for early, late in zip(before, after, strict=True))
    return busy / (busy + idle) if busy + idle else 0.0


def machine_ticks() -> tuple[int, int]:
    """Read how long all cores together were at work and idle since they started. Units: ticks."""
    numbers = [int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = numbers[3] + numbers[4]
    return sum(numbers) - idle, idle


def children_seconds() -> float:
    """Read what the children of this process used that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _fields(path: Path) -> list[str]:
    try:
        return path.read_text().rpartition(NAME_ENDS)[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _seconds(path: Path, places: tuple[int, ...]) -> float:
    fields = _fields(path)
    return sum(int(fields[place]) for place in places) / TICKS_PER_SECOND if fields else 0.0


def parent_of(process: int) -> int:
    """Give the process that started a process; 0 when it has ended."""
    fields = _fields(Path(f"/proc/{process}/stat"))
    return int(fields[PARENT]) if fields else 0
