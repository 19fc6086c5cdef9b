"""A member's balance has come close to the price of rewards."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_TIER_REWARD, example_envelope
from stampbook.nouns.member import zinrelo_member_info
from stampbook.nouns.reward import CatalogueReward, zinrelo_reward_info


class RewardCameWithinReach(FactData, frozen=True, kw_only=True):
    """Sent when a balance rises over a share of a reward's price without reaching the price.

    Shapes: `rewards` are those that came within reach with this change, at least one. The share is
    `points.within_reach_percent` of the program's definition.
    """

    rewards: tuple[CatalogueReward, ...]


FACT = FactType(
    data=RewardCameWithinReach,
    sent_when="A change of balance crosses the share of a reward's price that counts as near.",
    zinrelo=Word(
        "event_rewards_within_reach_reminder",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "reward_info": zinrelo_reward_info(fact.rewards),
        },
    ),
    nector=None,  # the dialect has no word for it
    example=lambda: RewardCameWithinReach(rewards=(EXAMPLE_TIER_REWARD,), **example_envelope()),
)
