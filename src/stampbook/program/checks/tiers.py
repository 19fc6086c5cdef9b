"""Tiers: levels rise from 0, ids are unique, and the period has what its kind needs."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from stampbook.core.definition import Definition, Period
from stampbook.program.problems import Flaw, repeated

YEAR_MONTHS = 12

PERIOD_KEYS: Mapping[str, frozenset[str]] = {
    "lifetime": frozenset(),
    "cycle": frozenset({"start_month", "months"}),
    "rolling": frozenset({"days"}),
    "anniversary": frozenset(),
}
"""The keys that each kind of period reads."""


def _check(definition: Definition) -> Iterator[Flaw]:
    levels = definition.tiers.levels
    path = ("tiers", "levels")
    yield from repeated((level.id for level in levels), path)
    yield from repeated((level.name for level in levels), path, "name")
    if levels and levels[0].threshold != 0:
        yield Flaw(
            (*path, 0, "threshold"),
            f"is {levels[0].threshold:g}, so that a new member would have no tier.",
            "Give the lowest level the threshold 0.",
        )
    for index, (lower, upper) in enumerate(pairwise(levels), start=1):
        if upper.threshold <= lower.threshold:
            yield Flaw(
                (*path, index, "threshold"),
                f"is {upper.threshold:g}, no more than the {lower.threshold:g} of {lower.id}.",
                "Order the levels from the lowest threshold to the highest.",
            )
    yield from _period_flaws(definition.tiers.period)


def _period_flaws(period: Period) -> Iterator[Flaw]:
    path = ("tiers", "period")
    standard = Period()
    for key in ("start_month", "months", "days"):
        given = getattr(period, key)
        if given != getattr(standard, key) and key not in PERIOD_KEYS[period.kind]:
            wanting = next(kind for kind, keys in PERIOD_KEYS.items() if key in keys)
            yield Flaw(
                (*path, key),
                f"is not read by a period of kind {period.kind}.",
                f"Leave it out, or set kind to {wanting}.",
            )
    months = period.months
    if period.kind == "cycle" and YEAR_MONTHS % months and months % YEAR_MONTHS:
        yield Flaw(
            (*path, "months"),
            f"is {months}, so that the cycle would begin in another month each year.",
            "Give 1, 2, 3, 4, 6, 12, 24 or 36.",
        )


CHECK = _check
