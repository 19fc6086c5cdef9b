"""A member is reminded of a coupon that they do not use."""

from stampbook.triggers import Recipe
from stampbook.triggers.giving import give_coupon
from stampbook.triggers.stage import ImpossibleError, Stage


def _run(stage: Stage) -> None:
    days = stage.definition.reminders.unused_coupon_days
    if days is None:
        raise ImpossibleError(
            "Nobody is reminded of unused coupons in this program.",
            "Add to it:\n[reminders]\nunused_coupon_days = 14",
        )
    give_coupon(stage, stage.enrol())
    stage.advance_days(days)


RECIPE = Recipe(
    does=("enrols a member", "gives them a coupon", "moves the clock by the days of the reminder"),
    run=_run,
    takes=("offer_id",),
    moves_clock=True,
)
