"""A member is reminded of points that expire soon."""

from datetime import timedelta

import msgspec

from stampbook.triggers import Recipe
from stampbook.triggers.earning import activities, earn_about, expiry_days
from stampbook.triggers.stage import ImpossibleError, Stage, path
from stampbook.values.calendars import local_day, start_of_day
from stampbook.values.instants import Instant


def _run(stage: Stage) -> None:
    days, zone = stage.definition.reminders.expiring_days, stage.definition.time_zone
    lives = {one.id: expiry_days(stage, one) or 0 for one in activities(stage)}
    longest = max(lives.values(), default=0)
    if not days or longest <= min(days):
        raise ImpossibleError(
            "Nobody is reminded of points that expire in this program.",
            "Let points expire, and remind of it:\n"
            "[points]\nexpiry = { months = 12 }\n[reminders]\nexpiring_days = [7]",
        )
    member = stage.enrol()
    points = stage.number("points", 100)
    earn_about(stage, member, points, lambda one: lives[one.id] > min(days))
    lots = stage.call("GET", path("members", member.member_id, "lots"))["items"]
    ends = [msgspec.convert(lot["expires_at"], Instant) for lot in lots if lot["expires_at"]]
    now = stage.now
    reminders = [
        at
        for end in ends
        for number in days
        if (at := start_of_day(local_day(end, zone) - timedelta(days=number), zone)) > now
    ]
    stage.advance_to(min(reminders))


RECIPE = Recipe(
    does=("enrols a member", "awards points", "moves the clock to some days before they expire"),
    run=_run,
    takes=("points", "activity_id"),
    moves_clock=True,
)
