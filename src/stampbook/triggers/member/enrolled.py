"""Somebody joins."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    stage.enrol()


RECIPE = Recipe(does=("enrols a member",), run=_run)
