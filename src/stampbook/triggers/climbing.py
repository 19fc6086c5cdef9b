"""Climbing: a member reaches a tier by what counts towards it in the program."""

from math import ceil

from stampbook.core.definition import Level
from stampbook.nouns.member import Member
from stampbook.triggers.earning import earn_about
from stampbook.triggers.stage import ImpossibleError, Stage

NEEDS_TIERS = (
    "Add two, such as:\n"
    "[[tiers.levels]]\n"
    'id = "basic"\n'
    'name = "Basic"\n'
    "threshold = 0\n"
    "[[tiers.levels]]\n"
    'id = "gold"\n'
    'name = "Gold"\n'
    "threshold = 500"
)


def climb(stage: Stage, member: Member) -> str | None:
    """Bring a member to the next tier, or to one that was chosen; gives the order that did it.

    Errors: ImpossibleError when there is no tier above, or nothing that counts.
    """
    level, tiers = _aim(stage, member), stage.definition.tiers
    if tiers.basis == "spend":
        recorded = stage.order(member, max(1, ceil(level.threshold)))
        return recorded["order"]["order_id"]
    standing = member.tier
    missing = int(level.threshold) - (standing.qualified_points if standing else 0)
    earn_about(stage, member, max(1, missing), lambda one: one.qualifies_for_tier)
    return None


def _aim(stage: Stage, member: Member) -> Level:
    levels = stage.definition.tiers.levels
    chosen = stage.wish("tier_id", "")
    now = stage.definition.level_index.get(member.tier.tier_id, 0) if member.tier else 0
    above = [one for one in levels[now + 1 :] if chosen in {"", one.id}]
    if above:
        return above[0]
    if not chosen:
        raise ImpossibleError("The program has no tier to climb to.", NEEDS_TIERS)
    raise ImpossibleError(
        f"There is no tier {chosen} above the member's.", "Choose from those of GET /v1/tiers."
    )
