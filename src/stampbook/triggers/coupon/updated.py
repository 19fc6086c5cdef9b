"""A member uses a coupon."""

from stampbook.triggers import Recipe
from stampbook.triggers.giving import give_coupon
from stampbook.triggers.stage import Stage, path


def _run(stage: Stage) -> None:
    code = give_coupon(stage, stage.enrol())
    stage.call("POST", path("coupons", code, "use"), {})
    stage.did("used it")


RECIPE = Recipe(
    does=("enrols a member", "gives them a coupon", "uses it"), run=_run, takes=("offer_id",)
)
