"""An endpoint that failed answers well again."""

from stampbook.triggers import Recipe
from stampbook.triggers.failing import throw_away
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    with throw_away(stage) as endpoint:
        endpoint.degrade()
        endpoint.recover()


RECIPE = Recipe(
    does=(
        "makes a listener",
        "enrols five members",
        "lets the listener answer 500 to all",
        "enrols another one",
        "lets the listener answer 204",
    ),
    run=_run,
    seconds=8,
)
