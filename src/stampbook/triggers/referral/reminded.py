"""A friend who claimed and bought nothing is reminded."""

from stampbook.triggers import Recipe
from stampbook.triggers.inviting import NEEDS_REFERRALS, claim, referrer
from stampbook.triggers.stage import ImpossibleError, Stage


def _run(stage: Stage) -> None:
    days = stage.definition.referrals.remind_after_days
    if days is None:
        raise ImpossibleError("Nobody is reminded of a claim in this program.", NEEDS_REFERRALS)
    claim(stage, referrer(stage))
    stage.advance_days(days)


RECIPE = Recipe(
    does=(
        "enrols a member",
        "lets a friend claim by their link",
        "moves the clock by the days of the reminder",
    ),
    run=_run,
    takes=("friend_email",),
    moves_clock=True,
)
