"""A member reviews a product."""

from stampbook.triggers import Recipe
from stampbook.triggers.reviewing import review
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    review(stage, stage.enrol())


RECIPE = Recipe(
    does=("enrols a member", "submits a review"), run=_run, takes=("product_id", "rating")
)
