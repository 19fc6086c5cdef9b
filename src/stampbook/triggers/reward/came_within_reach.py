"""A member can nearly pay for a reward."""

from stampbook.triggers import Recipe
from stampbook.triggers.earning import give_points
from stampbook.triggers.spending import nearest_reward
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    member = stage.enrol()
    share = stage.definition.points.within_reach_percent
    give_points(stage, member, nearest_reward(stage, member, share).missing)


RECIPE = Recipe(
    does=("enrols a member", "awards so much of a reward's price that it is within reach"),
    run=_run,
    takes=("reward_id", "activity_id"),
)
