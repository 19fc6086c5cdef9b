"""A member buys something."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    stage.order(stage.enrol(), stage.number("order_subtotal", 100))


RECIPE = Recipe(
    does=("enrols a member", "records an order"),
    run=_run,
    takes=("order_id", "order_subtotal", "product_id"),
)
