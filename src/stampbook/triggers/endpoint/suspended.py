"""An endpoint says that it is gone."""

from stampbook.triggers import Recipe
from stampbook.triggers.failing import throw_away
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    with throw_away(stage) as endpoint:
        endpoint.answer(410)


RECIPE = Recipe(
    does=("makes a listener", "enrols a member", "lets the listener answer 410"), run=_run
)
