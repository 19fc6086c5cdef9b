"""A member can pay for a reward that they could not pay for."""

from stampbook.triggers import Recipe
from stampbook.triggers.earning import give_points
from stampbook.triggers.spending import nearest_reward
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    member = stage.enrol()
    give_points(stage, member, nearest_reward(stage, member).missing)


RECIPE = Recipe(
    does=("enrols a member", "awards what a reward costs"),
    run=_run,
    takes=("reward_id", "activity_id"),
)
