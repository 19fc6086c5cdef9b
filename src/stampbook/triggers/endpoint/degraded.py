"""An endpoint fails several requests in a row."""

from stampbook.triggers import Recipe
from stampbook.triggers.failing import throw_away
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    with throw_away(stage) as endpoint:
        endpoint.degrade()


RECIPE = Recipe(
    does=("makes a listener", "enrols five members", "lets the listener answer 500 to all"),
    run=_run,
    seconds=6,
)
