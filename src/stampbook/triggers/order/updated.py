"""The shop says what has become of an order."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import Stage, path


def _run(stage: Stage) -> None:
    recorded = stage.order(stage.enrol(), stage.number("order_subtotal", 100))
    news = {"delivery_status": stage.wish("delivery_status", "delivered")}
    stage.call("PATCH", path("orders", recorded["order"]["order_id"]), news)
    stage.did("said that the order was delivered")


RECIPE = Recipe(
    does=("enrols a member", "records an order", "says that it was delivered"),
    run=_run,
    takes=("order_id", "order_subtotal", "product_id", "delivery_status"),
)
