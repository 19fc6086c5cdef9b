"""A member asks for a reward that they cannot have."""

from stampbook.remote.server import RefusedError
from stampbook.triggers import Recipe
from stampbook.triggers.spending import rewards_of
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    member = stage.enrol()
    dearest = max(rewards_of(stage), key=lambda one: one.points)
    body = {"member_id": member.member_id, "reward_id": dearest.id}
    try:
        stage.call("POST", "/v1/redemptions", body)
    except RefusedError as error:
        stage.did(f"was refused {dearest.id}: {error.said.code}")


RECIPE = Recipe(
    does=("enrols a member", "asks for the dearest reward"), run=_run, takes=("reward_id",)
)
