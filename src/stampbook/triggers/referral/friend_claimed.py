"""A friend claims by a member's link."""

from stampbook.triggers import Recipe
from stampbook.triggers.inviting import claim, referrer
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    claim(stage, referrer(stage))


RECIPE = Recipe(
    does=("enrols a member", "lets a friend claim by their link"),
    run=_run,
    takes=("friend_email",),
)
