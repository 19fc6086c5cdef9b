"""Winback: it asks for an activity, and pays as a fixed one, that the program has."""

from collections.abc import Iterator

from stampbook.core.definition import Definition
from stampbook.program.problems import Flaw, Path, choose_from


def _check(definition: Definition) -> Iterator[Flaw]:
    winback = definition.winback
    if winback is None:
        return
    yield from _unknown_flaws(definition, winback.activity, ("winback", "activity"))
    path = ("winback", "bonus_activity")
    yield from _unknown_flaws(definition, winback.bonus_activity, path)
    bonus = definition.activity_by_id.get(winback.bonus_activity)
    if bonus is not None and bonus.computation.kind != "fixed":
        yield Flaw(
            path,
            f"{bonus.id} computes its points, and the bonus is given.",
            'Name an activity whose computation has kind = "fixed".',
        )
    if bonus is not None and bonus.on == "order":
        yield Flaw(
            path,
            f"{bonus.id} is set off by an order, and a bonus is not.",
            'Name an activity with on = "request".',
        )


def _unknown_flaws(definition: Definition, wanted: str, path: Path) -> Iterator[Flaw]:
    activity = definition.activity_by_id.get(wanted)
    if activity is None:
        remedy = choose_from(wanted, definition.activity_by_id)
        yield Flaw(path, f"{wanted} is no activity of the program.", remedy)
    elif not activity.is_active:
        yield Flaw(path, f"{wanted} is not active.", "Name one that is, or set its is_active.")


CHECK = _check
