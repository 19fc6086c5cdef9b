"""A member spends points on a reward."""

from stampbook.triggers import Recipe
from stampbook.triggers.earning import give_points
from stampbook.triggers.spending import nearest_reward
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    member = stage.enrol()
    reward, missing = nearest_reward(stage, member)
    give_points(stage, member, missing)
    body = {"member_id": member.member_id, "reward_id": reward.id}
    stage.call("POST", "/v1/redemptions", body)
    stage.did(f"redeemed {reward.id}")


RECIPE = Recipe(
    does=("enrols a member", "awards what a reward costs", "redeems it"),
    run=_run,
    takes=("reward_id", "activity_id"),
)
