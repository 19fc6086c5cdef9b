"""Somebody no longer meets what a campaign asks."""

from stampbook.triggers import Recipe
from stampbook.triggers.audience import campaign_to_enter, enter, leave
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    campaign = campaign_to_enter(stage)
    leave(stage, campaign, enter(stage, campaign))


RECIPE = Recipe(
    does=(
        "enrols a member who meets what a campaign asks",
        "moves the clock to its start and by its delay, if it has them",
        "lets them meet what ends it, or makes them inactive",
    ),
    run=_run,
    takes=("campaign_id", "order_subtotal", "activity_id", "product_id"),
)
