"""A member fell to a lower tier."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import example_envelope
from stampbook.nouns.member import TierReason, nector_tier, nector_user, zinrelo_member_info


class TierDowngraded(FactData, frozen=True, kw_only=True):
    """Sent for each move to a lower tier; `member.tier` is the tier after it.

    Shapes: `from_tier` and `to_tier` are ids of the program's tiers.
    """

    from_tier: str | None
    to_tier: str
    reason: TierReason


FACT = FactType(
    data=TierDowngraded,
    sent_when="A member moves to a lower tier: at the end of a period, or by a deduction.",
    zinrelo=Word(
        "event_member_tierdowngrade",
        lambda fact: {"member_info": zinrelo_member_info(fact.member)},
    ),
    nector=Word(
        "viptier_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_tier(fact.member, fact.to_tier, "down"),
        },
    ),
    example=lambda: TierDowngraded(
        from_tier="roaster", to_tier="barista", reason="period_end", **example_envelope()
    ),
)
