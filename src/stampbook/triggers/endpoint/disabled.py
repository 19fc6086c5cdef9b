"""An endpoint is given up: days of real time that nobody can move."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import ImpossibleError, Stage


def _run(stage: Stage) -> None:
    del stage
    raise ImpossibleError(
        "It takes seven days in which an endpoint fails, and webhooks are sent in real time.",
        "See how it reads: stampbook webhooks test ENDPOINT_ID --type endpoint.disabled",
    )


RECIPE = Recipe(does=("cannot: it takes seven days of real time",), run=_run)
