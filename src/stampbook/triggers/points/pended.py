"""A member earns points that wait."""

from stampbook.triggers import Recipe
from stampbook.triggers.earning import let_wait
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    let_wait(stage, stage.enrol())


RECIPE = Recipe(
    does=("enrols a member", "awards points that must be approved"),
    run=_run,
    takes=("points", "activity_id", "order_subtotal"),
)
