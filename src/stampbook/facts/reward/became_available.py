"""A member's balance now pays for rewards that it did not pay for before."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import (
    EXAMPLE_CATALOGUE_REWARD,
    EXAMPLE_TIER_REWARD,
    example_envelope,
)
from stampbook.nouns.member import zinrelo_member_info
from stampbook.nouns.reward import CatalogueReward, zinrelo_reward_info


class RewardBecameAvailable(FactData, frozen=True, kw_only=True):
    """Sent when a balance rises over the price of rewards; one fact names all of them.

    Shapes: `rewards` are those that became affordable with this change, at least one.
    """

    rewards: tuple[CatalogueReward, ...]


FACT = FactType(
    data=RewardBecameAvailable,
    sent_when="A change of balance makes rewards affordable that were not.",
    zinrelo=Word(
        "event_available_rewards_reminder",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "reward_info": zinrelo_reward_info(fact.rewards),
        },
    ),
    nector=None,  # the dialect has no word for it
    example=lambda: RewardBecameAvailable(
        rewards=(EXAMPLE_CATALOGUE_REWARD, EXAMPLE_TIER_REWARD), **example_envelope()
    ),
)
