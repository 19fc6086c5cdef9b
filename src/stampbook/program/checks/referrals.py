"""Referrals: the activities that they name exist and can be done when a friend comes."""

from collections.abc import Iterator

from stampbook.core.definition import Definition
from stampbook.program.problems import Flaw, Path, choose_from

CALENDAR = {"birthday", "anniversary"}


def _check(definition: Definition) -> Iterator[Flaw]:
    settings, path = definition.referrals, ("referrals",)
    if not settings.is_active:
        return
    if settings.activity is None:
        yield Flaw(path, "reward no referrer.", "Give activity, which says what a friend is worth.")
    for key in ("activity", "friend_activity"):
        activity_id: str | None = getattr(settings, key)
        if activity_id is not None:
            yield from _reward_flaws(definition, activity_id, (*path, key))
    if not settings.completed_by:
        yield Flaw((*path, "completed_by"), "lets nothing complete them.", "Name an activity.")
    for index, activity_id in enumerate(settings.completed_by):
        yield from _completing_flaws(definition, activity_id, (*path, "completed_by", index))


def _reward_flaws(definition: Definition, activity_id: str, path: Path) -> Iterator[Flaw]:
    activity = definition.activity_by_id.get(activity_id)
    if activity is None:
        remedy = choose_from(activity_id, definition.activity_by_id)
        yield Flaw(path, f"{activity_id} is no activity of the program.", remedy)
    elif activity.on != "request":
        yield Flaw(
            path,
            f"{activity_id} is set off by something else.",
            'Name an activity with on = "request".',
        )


def _completing_flaws(definition: Definition, activity_id: str, path: Path) -> Iterator[Flaw]:
    activity = definition.activity_by_id.get(activity_id)
    if activity is None:
        remedy = choose_from(activity_id, definition.activity_by_id)
        yield Flaw(path, f"{activity_id} is no activity of the program.", remedy)
    elif activity.on in CALENDAR:
        yield Flaw(
            path,
            f"{activity_id} happens by the calendar alone.",
            "Name something that a friend does.",
        )


CHECK = _check
