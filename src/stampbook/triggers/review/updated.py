"""A member's review is approved."""

from stampbook.triggers import Recipe
from stampbook.triggers.reviewing import review
from stampbook.triggers.stage import Stage, path


def _run(stage: Stage) -> None:
    review_id = review(stage, stage.enrol())
    stage.call("POST", path("reviews", review_id, "approve"), {})
    stage.did("approved it")


RECIPE = Recipe(
    does=("enrols a member", "submits a review", "approves it"),
    run=_run,
    takes=("product_id", "rating"),
)
