"""A member is reminded of points that they leave alone."""

from stampbook.triggers import Recipe
from stampbook.triggers.earning import earn_about, expiry_days
from stampbook.triggers.stage import ImpossibleError, Stage


def _run(stage: Stage) -> None:
    reminders = stage.definition.reminders
    if reminders.unused_points_days is None:
        raise ImpossibleError(
            "Nobody is reminded of unused points in this program.",
            "Add to it:\n[reminders]\nunused_points_days = 60",
        )
    days, member = reminders.unused_points_days, stage.enrol()
    points = stage.number("points", max(100, reminders.unused_points_minimum))
    earn_about(stage, member, points, lambda one: (expiry_days(stage, one) or days + 1) > days)
    stage.leave_alone(member, days)


RECIPE = Recipe(
    does=("enrols a member", "awards points", "moves the clock by the days of the reminder"),
    run=_run,
    takes=("points", "activity_id"),
    moves_clock=True,
)
