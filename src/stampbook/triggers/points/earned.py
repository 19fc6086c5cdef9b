"""A member earns points that can be spent at once."""

from stampbook.triggers import Recipe
from stampbook.triggers.earning import earn_about
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    earn_about(stage, stage.enrol(), stage.number("points", 100))


RECIPE = Recipe(
    does=("enrols a member", "awards points"), run=_run, takes=("points", "activity_id")
)
