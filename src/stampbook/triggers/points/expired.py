"""A member's points reach their end."""

import msgspec

from stampbook.triggers import Recipe
from stampbook.triggers.earning import earn_about, expiry_days
from stampbook.triggers.stage import ImpossibleError, Stage, path
from stampbook.values.instants import Instant


def _run(stage: Stage) -> None:
    inactivity = stage.definition.points.inactivity_days
    lives = [days for one in stage.definition.activities if (days := expiry_days(stage, one))]
    if not lives and inactivity is None:
        raise ImpossibleError(
            "Points of this program never expire.", "Add to it:\n[points]\nexpiry = { months = 12 }"
        )
    member, shortest = stage.enrol(), min(lives, default=None)
    points = stage.number("points", 100)
    if shortest is None:
        earn_about(stage, member, points)
        stage.advance_days(inactivity or 0)
        return
    earn_about(stage, member, points, lambda one: expiry_days(stage, one) == shortest)
    lots = stage.call("GET", path("members", member.member_id, "lots"))["items"]
    ends = [msgspec.convert(lot["expires_at"], Instant) for lot in lots if lot["expires_at"]]
    stage.advance_to(min(ends))


RECIPE = Recipe(
    does=("enrols a member", "awards points", "moves the clock to where they expire"),
    run=_run,
    takes=("points", "activity_id"),
    moves_clock=True,
)
