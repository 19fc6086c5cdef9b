"""Points are taken from a member by hand."""

from stampbook.triggers import Recipe
from stampbook.triggers.earning import earn_about
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    member, points = stage.enrol(), stage.number("points", 100)
    earn_about(stage, member, points)
    reason = stage.wish("reason", "stampbook trigger")
    body = {"member_id": member.member_id, "points": points, "reason": reason}
    stage.call("POST", "/v1/points/deduct", body)
    stage.did(f"deducted {points} points")


RECIPE = Recipe(
    does=("enrols a member", "awards points", "deducts them"),
    run=_run,
    takes=("points", "activity_id", "reason"),
)
