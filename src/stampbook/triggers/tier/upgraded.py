"""A member climbs to a tier by what counts towards it."""

from stampbook.triggers import Recipe
from stampbook.triggers.climbing import climb
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    climb(stage, stage.enrol())


RECIPE = Recipe(
    does=("enrols a member", "lets them earn or spend what the next tier takes"),
    run=_run,
    takes=("tier_id", "activity_id"),
)
