"""Somebody leaves."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import Stage, path


def _run(stage: Stage) -> None:
    member = stage.enrol()
    stage.call("DELETE", path("members", member.member_id))
    stage.did(f"deleted {member.member_id}")


RECIPE = Recipe(does=("enrols a member", "deletes them"), run=_run)
