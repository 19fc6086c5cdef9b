"""A member loses a tier: by what is taken back, or else by hand."""

from stampbook.triggers import Recipe
from stampbook.triggers.climbing import climb
from stampbook.triggers.stage import Stage, path


def _run(stage: Stage) -> None:
    member, tiers = stage.enrol(), stage.definition.tiers
    order = climb(stage, member)
    if not tiers.downgrade_on_deduction:
        lowest = {"tier_id": tiers.levels[0].id}
        stage.call("PUT", path("members", member.member_id, "tier"), lowest)
        stage.did(f"put them into {tiers.levels[0].id} by hand")
    elif order is not None:
        stage.call("POST", path("orders", order, "return"), {})
        stage.did("took the order back")
    else:
        standing = stage.member(member.member_id).tier
        points = standing.qualified_points if standing else 1
        body = {"member_id": member.member_id, "points": points, "reason": "stampbook trigger"}
        stage.call("POST", "/v1/points/deduct", body)
        stage.did(f"deducted {points} points")


RECIPE = Recipe(
    does=(
        "enrols a member",
        "lets them earn or spend what the next tier takes",
        "takes it back, or puts them down by hand where that moves nobody",
    ),
    run=_run,
    takes=("tier_id", "activity_id"),
)
