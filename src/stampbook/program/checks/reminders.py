"""Reminders: each number of days is named once, and no setting goes unread."""

from collections.abc import Iterator

from stampbook.core.definition import Definition
from stampbook.core.growth import Reminders
from stampbook.program.problems import Flaw


def _check(definition: Definition) -> Iterator[Flaw]:
    reminders = definition.reminders
    days = reminders.expiring_days
    for index, number in enumerate(days):
        if number in days[:index]:
            yield Flaw(
                ("reminders", "expiring_days", index),
                f"repeats {number}, and nobody is reminded twice.",
                "Leave it out.",
            )
    is_changed = reminders.unused_points_minimum != Reminders().unused_points_minimum
    if is_changed and reminders.unused_points_days is None:
        yield Flaw(
            ("reminders", "unused_points_minimum"),
            "is not read without unused_points_days.",
            "Give unused_points_days, or leave it out.",
        )


CHECK = _check
