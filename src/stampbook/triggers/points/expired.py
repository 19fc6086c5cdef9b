"""A member's points reach their end."""

import msgspec

from stampbook.nouns.activity import Expiry
from stampbook.triggers import Recipe
from stampbook.triggers.earning import earn_about, earn_briefly
from stampbook.triggers.stage import Stage, path
from stampbook.values.instants import Instant


def _run(stage: Stage) -> None:
    member, points = stage.enrol(), stage.number("points", 100)
    inactivity = stage.definition.points.inactivity_days
    if inactivity is not None and not _expires(stage):
        earn_about(stage, member, points)
        stage.leave_alone(member, inactivity)
        return
    earn_briefly(stage, member, points)
    lots = stage.call("GET", path("members", member.member_id, "lots"))["items"]
    ends = [msgspec.convert(lot["expires_at"], Instant) for lot in lots if lot["expires_at"]]
    stage.advance_to(min(ends))


def _expires(stage: Stage) -> bool:
    """Tell whether anything but inactivity ends points."""
    of_activities = any(one.expiry is not None for one in stage.definition.activities)
    return of_activities or stage.definition.points.expiry != Expiry()


RECIPE = Recipe(
    does=("enrols a member", "awards points", "moves the clock to where they expire"),
    run=_run,
    takes=("points", "activity_id"),
    moves_clock=True,
)
