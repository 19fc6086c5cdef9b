"""Audiences: whether a member is in one, by the conditions of earning rules on the member alone."""

from stampbook.core.definition import Definition
from stampbook.core.rules.attributes import read_member
from stampbook.core.rules.compiled import CompiledCondition
from stampbook.nouns.campaign import Audience
from stampbook.nouns.member import Member

COMPILED_MAX = 4096
"""Units: audiences kept; beyond it all are compiled again."""
TIER = "member.tier"


class CompiledAudience:
    """An audience that is ready to be judged."""

    __slots__ = ("audience", "conditions")

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.conditions = tuple(CompiledCondition(one) for one in audience.conditions)

    def holds(self, member: Member, lowest_tier: str | None) -> bool:
        """Decide whether a member is in the audience.

        Shapes: `lowest_tier` is the tier of members whom no tier was given yet.
        """
        if not self.conditions:
            return True
        decisive = self.audience.match == "any"
        for condition in self.conditions:
            found = read_member(condition.attribute, member)
            if found is None and condition.attribute.path == TIER:
                found = lowest_tier
            if condition.holds(found) is decisive:
                return decisive
        return not decisive


_compiled: dict[int, CompiledAudience] = {}


def compiled_audience(audience: Audience) -> CompiledAudience:
    """Compile an audience, or give it as it was compiled before.

    Errors: AssertionError or KeyError for an audience that program.validate would not accept.
    """
    known = _compiled.get(id(audience))
    if known is None or known.audience is not audience:
        if len(_compiled) >= COMPILED_MAX:
            _compiled.clear()
        known = _compiled[id(audience)] = CompiledAudience(audience)
    return known


def lowest_tier(definition: Definition) -> str | None:
    """Give the tier that members begin with; None when the program has no tiers."""
    levels = definition.tiers.levels
    return levels[0].id if levels else None
