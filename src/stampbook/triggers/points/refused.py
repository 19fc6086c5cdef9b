"""Something that is asked of a member's points is refused."""

from stampbook.remote.server import RefusedError
from stampbook.triggers import Recipe
from stampbook.triggers.earning import earn_about
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    award = earn_about(stage, stage.enrol(), stage.number("points", 100))
    try:
        stage.call("POST", "/v1/points/reject", {"transaction_ids": [award.id]})
    except RefusedError as error:
        stage.did(f"was refused to reject them after that: {error.said.code}")


RECIPE = Recipe(
    does=("enrols a member", "awards points", "rejects them when they are approved already"),
    run=_run,
    takes=("points", "activity_id"),
)
