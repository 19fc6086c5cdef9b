"""A member reached a higher tier."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import example_envelope
from stampbook.nouns.member import TierReason, nector_tier, nector_user, zinrelo_member_info


class TierUpgraded(FactData, frozen=True, kw_only=True):
    """Sent for each move to a higher tier, at once; `member.tier` is the tier after it.

    Shapes: `from_tier` and `to_tier` are ids of the program's tiers; `from_tier` is null when the
    member had none.
    """

    from_tier: str | None
    to_tier: str
    reason: TierReason


FACT = FactType(
    data=TierUpgraded,
    sent_when="A member moves to a higher tier.",
    zinrelo=Word(
        "event_member_tierupgrade",
        lambda fact: {"member_info": zinrelo_member_info(fact.member)},
    ),
    nector=Word(
        "viptier_create",
        lambda fact: {
            **nector_user(fact.member),
            **nector_tier(fact.member, fact.to_tier, "up"),
        },
    ),
    example=lambda: TierUpgraded(
        from_tier="guest", to_tier="barista", reason="earned", **example_envelope()
    ),
)
