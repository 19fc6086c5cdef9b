"""Campaigns: audiences ask of the member alone, promotions have what they need and nothing else."""

from collections.abc import Iterator
from decimal import Decimal

from stampbook.core.definition import Definition
from stampbook.core.rules.attributes import attribute_at
from stampbook.nouns.campaign import Audience, Campaign
from stampbook.program.checks.conditions import condition_flaws
from stampbook.program.problems import Flaw, Path, choose_from, repeated

NEEDS = {
    "no_action": (),
    "bonus_points": ("activity", "points"),
    "multiplier": ("multiplier",),
    "coupon": ("coupon",),
}
"""The settings that each promotion reads, all of which it needs."""

MULTIPLIER_PLACES_MAX = 4
"""Units: digits after the point. Sums are exact, and their digits have a bound."""


def _check(definition: Definition) -> Iterator[Flaw]:
    yield from repeated((campaign.id for campaign in definition.campaigns), ("campaigns",))
    for index, campaign in enumerate(definition.campaigns):
        path = ("campaigns", index)
        for name, audience in (("entry", campaign.entry), ("exit", campaign.exit)):
            if audience is not None:
                yield from audience_flaws(audience, (*path, name), definition)
        yield from _span_flaws(campaign, path)
        yield from _promotion_flaws(campaign, (*path, "promotion"), definition)


def audience_flaws(audience: Audience, path: Path, definition: Definition) -> Iterator[Flaw]:
    """Give what is wrong with an audience."""
    for index, condition in enumerate(audience.conditions):
        place = (*path, "conditions", index)
        attribute = attribute_at(condition.attribute)
        if attribute is not None and attribute.scope != "member":
            yield Flaw(
                (*place, "attribute"),
                f"{attribute.path} is of a transaction, and a campaign asks of the member alone.",
                "Test an attribute of the member, or make it a rule of an activity.",
            )
        else:
            yield from condition_flaws(condition, place, definition)


def _span_flaws(campaign: Campaign, path: Path) -> Iterator[Flaw]:
    starts, ends = campaign.starts_at, campaign.ends_at
    if starts is not None and ends is not None and ends <= starts:
        yield Flaw((*path, "ends_at"), "is not after starts_at.", "Give a later instant.")


def _promotion_flaws(campaign: Campaign, path: Path, definition: Definition) -> Iterator[Flaw]:
    promotion = campaign.promotion
    for name in ("activity", "points", "multiplier", "coupon"):
        is_read, value = name in NEEDS[promotion.kind], getattr(promotion, name)
        if is_read and value is None:
            yield Flaw((*path, name), f"is missing, and {promotion.kind} needs it.", "Give it.")
        elif value is not None and not is_read:
            yield Flaw((*path, name), f"is not read by {promotion.kind}.", "Leave it out.")
    if promotion.kind == "bonus_points" and promotion.activity is not None:
        yield from _bonus_flaws(promotion.activity, (*path, "activity"), definition)
    if promotion.multiplier is not None:
        places = Decimal(str(promotion.multiplier)).normalize().as_tuple().exponent
        if isinstance(places, int) and -places > MULTIPLIER_PLACES_MAX:
            yield Flaw(
                (*path, "multiplier"),
                f"has more than {MULTIPLIER_PLACES_MAX} digits after the point.",
                "Round it.",
            )


def _bonus_flaws(wanted: str, path: Path, definition: Definition) -> Iterator[Flaw]:
    activity = definition.activity_by_id.get(wanted)
    if activity is None:
        remedy = choose_from(wanted, definition.activity_by_id)
        yield Flaw(path, f"{wanted} is no activity of the program.", remedy)
    elif activity.computation.kind != "fixed" or activity.on == "order":
        yield Flaw(
            path,
            f"{wanted} is worth what its attributes say, and a bonus brings none.",
            'Name an activity whose computation is of kind "fixed" and that no order sets off.',
        )


CHECK = _check
