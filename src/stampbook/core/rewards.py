"""Rewards: whom a reward is open to, and when a balance brings it near.

Source: contract section 2, redeeming; section 1, reward.became_available and came_within_reach.
"""

from datetime import timedelta
from operator import ge, gt, le, lt

from stampbook.core.book import Book
from stampbook.core.counters import counted
from stampbook.core.draft import Draft, Program
from stampbook.core.refusals import (
    REWARD_INACTIVE,
    REWARD_LIMIT_REACHED,
    REWARD_NOT_ELIGIBLE,
    RefusalCode,
)
from stampbook.facts.reward.became_available import RewardBecameAvailable
from stampbook.facts.reward.came_within_reach import RewardCameWithinReach
from stampbook.nouns.reward import CatalogueReward, EarningPeriod, Reward
from stampbook.values.calendars import local_day
from stampbook.values.ids import id_of_defined
from stampbook.values.instants import Instant

COMPARISONS = {"greater_than": gt, "at_least": ge, "less_than": lt, "at_most": le}
PERCENT = 100
YEAR = timedelta(days=365)


def closed_to(draft: Draft, book: Book, reward: Reward) -> RefusalCode | None:
    """Give why a reward is closed to a member, balance and stock apart; None when it is open."""
    if not reward.is_active or not _in_dates(reward, draft.at):
        return REWARD_INACTIVE
    if not _is_eligible(draft, book, reward):
        return REWARD_NOT_ELIGIBLE
    if reward.limit is not None:
        day = local_day(draft.at, draft.definition.time_zone)
        so_far = counted(book.counters, f"reward:{reward.id}", reward.limit.per, day)
        if so_far.times >= reward.limit.times:
            return REWARD_LIMIT_REACHED
    return None


def _in_dates(reward: Reward, at: Instant) -> bool:
    has_started = reward.starts_at is None or reward.starts_at <= at
    return has_started and (reward.ends_at is None or at < reward.ends_at)


def _is_eligible(draft: Draft, book: Book, reward: Reward) -> bool:
    if reward.tiers:
        tier = book.member.tier
        return tier is not None and tier.tier_id in reward.tiers
    eligibility = reward.eligibility
    earned = earned_in(draft, book, eligibility.period)
    return COMPARISONS[eligibility.operator](earned, eligibility.points)


def earned_in(draft: Draft, book: Book, period: EarningPeriod) -> int:
    """Give the points that a member earned in a period that ends now."""
    today = local_day(draft.at, draft.definition.time_zone)
    match period:
        case "lifetime":
            return book.member.balances.earned
        case "current_month":
            first = today.replace(day=1)
        case "current_year":
            first = today.replace(month=1, day=1)
        case "last_365_days":
            first = today - YEAR + timedelta(days=1)
    return sum(value.earned for day, value in book.counters.days.items() if day >= first)


def is_in_stock(draft: Draft, reward: Reward) -> bool:
    """Tell whether one more can be redeemed."""
    if reward.stock is not None and draft.redeemed(reward.id) >= reward.stock:
        return False
    return reward.coupon != "pool" or draft.free_code(reward.id) is not None


def catalogue_reward(program: Program, reward: Reward) -> CatalogueReward:
    """Give a reward as facts carry it, with an id of ours that stays over versions."""
    created_at, modified_at = program.reward_dates.get(
        reward.id, (program.created_at, program.created_at)
    )
    number = id_of_defined(program.id, reward.id, created_at)
    return CatalogueReward(id=number, reward=reward, created_at=created_at, modified_at=modified_at)


def announce(draft: Draft, book: Book, before: int) -> None:
    """State which rewards a rise of the balance made affordable or brought within reach.

    Shapes: only a crossing speaks, so the same balance never speaks twice. Units: points.
    """
    after = book.member.balances.available
    if after <= before:
        return
    percent = draft.definition.points.within_reach_percent
    affordable: list[Reward] = []
    near: list[Reward] = []
    for reward in draft.definition.rewards:
        price = reward.points
        if before < price <= after:
            affordable.append(reward)
        elif after < price and before * PERCENT < price * percent <= after * PERCENT:
            near.append(reward)
    for fact, rewards in ((RewardBecameAvailable, affordable), (RewardCameWithinReach, near)):
        is_open = [
            reward
            for reward in rewards
            if closed_to(draft, book, reward) is None and is_in_stock(draft, reward)
        ]
        if is_open:
            entries = tuple(catalogue_reward(draft.program, reward) for reward in is_open)
            draft.fact(fact, book, rule_version=draft.version, rewards=entries)
