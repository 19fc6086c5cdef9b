"""Spending: the rewards that a member could have, and how far away they are."""

from typing import NamedTuple

from stampbook.core.rewards import COMPARISONS
from stampbook.nouns.member import Member
from stampbook.nouns.reward import Reward
from stampbook.triggers.stage import ImpossibleError, Stage

NEEDS_REWARD = (
    "Add one, such as:\n"
    "[[rewards]]\n"
    'id = "ten_off"\n'
    'name = "10 off"\n'
    'sub_type = "fixed_amount"\n'
    "points = 200\n"
    "value = 10"
)


class Priced(NamedTuple):
    """A reward, and how many points the member has to earn for it."""

    reward: Reward
    missing: int


def rewards_of(stage: Stage) -> list[Reward]:
    """Give the rewards, or the one that was chosen.

    Errors: ImpossibleError when there is none.
    """
    chosen = stage.wish("reward_id", "")
    found = [one for one in stage.definition.rewards if chosen in {"", one.id}]
    if not found:
        wanted = f"no reward {chosen}" if chosen else "no reward"
        raise ImpossibleError(f"The program has {wanted}.", NEEDS_REWARD)
    return found


def nearest_reward(stage: Stage, member: Member, share_percent: int = 100) -> Priced:
    """Give the open reward of which a share is not much more than the balance.

    Shapes: those without a pool come first, because nobody knows whether one has codes left.
    Errors: ImpossibleError when there is none.
    """
    now, balances = stage.now, member.balances
    found: list[Priced] = []
    for reward in rewards_of(stage):
        missing = -(-reward.points * share_percent // 100) - balances.available
        is_dated = reward.starts_at is None or reward.starts_at <= now
        is_over = reward.ends_at is not None and reward.ends_at <= now
        is_open = reward.is_active and is_dated and not is_over and missing > 0
        if is_open and _lets_in(reward, member, balances.earned + missing):
            found.append(Priced(reward, missing))
    if not found:
        raise ImpossibleError("The program has no reward that a new member can have.", NEEDS_REWARD)
    return min(found, key=lambda one: (one.reward.coupon == "pool", one.missing))


def _lets_in(reward: Reward, member: Member, earned: int) -> bool:
    """Tell whether a reward is open to a member who has earned so much."""
    if reward.stock == 0:
        return False
    if reward.tiers:
        return member.tier is not None and member.tier.tier_id in reward.tiers
    eligibility = reward.eligibility
    return COMPARISONS[eligibility.operator](earned, eligibility.points)
