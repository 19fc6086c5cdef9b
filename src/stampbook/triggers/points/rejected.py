"""Points that wait are rejected."""

from stampbook.triggers import Recipe
from stampbook.triggers.earning import let_wait
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    award = let_wait(stage, stage.enrol())
    stage.call("POST", "/v1/points/reject", {"transaction_ids": [award.id]})
    stage.did("rejected them")


RECIPE = Recipe(
    does=("enrols a member", "awards points that must be approved", "rejects them"),
    run=_run,
    takes=("points", "activity_id", "order_subtotal"),
)
