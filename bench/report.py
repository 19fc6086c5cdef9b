"""The report: what was measured, against which baseline, and whether the target is met."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

REPORT = Path("build/bench.json")


class Target(Struct, frozen=True, kw_only=True):
    """What a number has to reach: at least, or at most."""

    least: float | None = None
    most: float | None = None

    def is_met(self, value: float) -> bool:
        """Tell whether a number reaches it."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    def __str__(self) -> str:
        return f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}"


class Measured(Struct, frozen=True, kw_only=True):
    """One number. `baseline` says what a ratio is against, or how a number came about."""

    name: str
    value: float
    baseline: str = ""
    target: Target | None = None


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Give the median of the ratios of runs that stood side by side."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def show(measured: Sequence[Measured]) -> None:
    """Print a line for each number."""
    for one in measured:
        target = "" if one.target is None else str(one.target)
        verdict = "" if one.target is None else "met" if one.target.is_met(one.value) else "MISSED"
        print(f"{one.name:<38}{one.value:>12,.3f}  {target:<8}{verdict:<8}{one.baseline}")


def write(measured: Sequence[Measured]) -> None:
    """Write the numbers by name, in place of those of an earlier run."""
    REPORT.parent.mkdir(exist_ok=True)
    numbers = {one.name: round(one.value, 4) for one in measured}
    REPORT.write_bytes(msgspec.json.format(msgspec.json.encode(numbers), indent=2) + b"\n")
