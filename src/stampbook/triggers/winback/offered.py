"""A member who has been away is made an offer."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import ImpossibleError, Stage


def _run(stage: Stage) -> None:
    winback = stage.definition.winback
    if winback is None:
        raise ImpossibleError(
            "The program offers nothing to members who were away.",
            "Add to it:\n"
            '[[activities]]\nid = "visit"\nname = "Came by"\n'
            'computation = { kind = "fixed", points = 10 }\n'
            "[winback]\nafter_days = 120\n"
            'activity = "visit"\nbonus_activity = "visit"\n'
            "bonus_points = 100\nvalid_days = 14",
        )
    stage.leave_alone(stage.enrol(), winback.after_days)


RECIPE = Recipe(
    does=("enrols a member", "moves the clock by the days that they must be away"),
    run=_run,
    moves_clock=True,
)
