"""A member is given a coupon by hand."""

from stampbook.triggers import Recipe
from stampbook.triggers.giving import give_coupon
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    give_coupon(stage, stage.enrol())


RECIPE = Recipe(does=("enrols a member", "gives them a coupon"), run=_run, takes=("offer_id",))
