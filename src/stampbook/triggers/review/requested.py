"""A member is asked for a review of what they bought."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import ImpossibleError, Stage, path


def _run(stage: Stage) -> None:
    days, words = stage.definition.reminders.review_days, stage.definition.orders.fulfilled_when
    if days is None or not words:
        raise ImpossibleError(
            "Nobody is asked for reviews in this program.",
            "Add to it:\n[reminders]\nreview_days = 14",
        )
    recorded = stage.order(stage.enrol(), stage.number("order_subtotal", 100))
    order = recorded["order"]["order_id"]
    stage.call("PATCH", path("orders", order), {"delivery_status": words[0]})
    stage.did(f"said that the order was {words[0]}")
    stage.advance_days(days)


RECIPE = Recipe(
    does=(
        "enrols a member",
        "records an order",
        "says that it was delivered",
        "moves the clock by the days of the request",
    ),
    run=_run,
    takes=("order_id", "order_subtotal", "product_id"),
    moves_clock=True,
)
