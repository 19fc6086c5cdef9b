"""A member's period ends, and they keep their tier."""

from stampbook.triggers import Recipe
from stampbook.triggers.stage import ImpossibleError, Stage


def _run(stage: Stage) -> None:
    tier = stage.enrol().tier
    if tier is None or tier.period_end is None or stage.definition.tiers.period.kind == "rolling":
        raise ImpossibleError(
            "No tier of this program has a period that is renewed.",
            'Add to it:\n[tiers]\nperiod = { kind = "anniversary" }\n'
            '[[tiers.levels]]\nid = "basic"\nname = "Basic"\nthreshold = 0\n'
            '[[tiers.levels]]\nid = "gold"\nname = "Gold"\nthreshold = 500',
        )
    stage.advance_to(tier.period_end)


RECIPE = Recipe(
    does=("enrols a member", "moves the clock to the end of their tier's period"),
    run=_run,
    moves_clock=True,
)
