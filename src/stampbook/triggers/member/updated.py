"""A member changes what is known of them."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import Stage, path


def _run(stage: Stage) -> None:
    member = stage.enrol()
    changes = {"preferred_language": stage.wish("preferred_language", "en")}
    stage.call("PATCH", path("members", member.member_id), changes)
    stage.did("changed their language")


RECIPE = Recipe(
    does=("enrols a member", "changes their language"), run=_run, takes=("preferred_language",)
)
