"""An endpoint will soon be disabled: days of real time that nobody can move."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import ImpossibleError, Stage


def _run(stage: Stage) -> None:
    del stage
    raise ImpossibleError(
        "It takes six days in which an endpoint fails, and webhooks are sent in real time.",
        "See how it reads: stampbook webhooks test ENDPOINT_ID --type endpoint.warned",
    )


RECIPE = Recipe(does=("cannot: it takes six days of real time",), run=_run)
