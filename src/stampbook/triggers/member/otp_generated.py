"""A member is to prove who they are."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import Stage, path


def _run(stage: Stage) -> None:
    member = stage.enrol()
    stage.call("POST", path("members", member.member_id, "otp"), {})
    stage.did("asked for a one-time password")


RECIPE = Recipe(does=("enrols a member", "asks for a one-time password"), run=_run)
