"""Rewards: what points can be spent on, and the shop's own codes that they give away."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.api.desk import Desk
from stampbook.api.present import Present
from stampbook.api.problem import POOL_NOT_WANTED, ProblemError, RefusedError
from stampbook.api.route import Answer, Write
from stampbook.core.draft import Draft
from stampbook.core.refusals import REWARD_NOT_FOUND, refuse
from stampbook.nouns.reward import Reward
from stampbook.store.backend import Unit
from stampbook.store.pools import Filled, Pool, fill_pool, pool
from stampbook.values.amounts import Key

CODES_PER_REQUEST_MAX = 5_000


class ListRewards(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rewards of the definition in force, in its order."""


class OneReward(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reward by its id."""

    reward_id: Key


class RewardStock(Struct, frozen=True, kw_only=True):
    """A reward with what is left of it.

    Shapes: `pool` is None unless the reward's codes come from a pool.
    """

    reward: Reward
    redeemed: int
    """How often it was ever redeemed, holds included."""
    pool: Pool | None


class RewardList(Struct, frozen=True, kw_only=True):
    """The rewards."""

    items: tuple[RewardStock, ...]


class AddCodes(OneReward, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Codes for a reward's pool, given away in this order; those it knows already are left out."""

    codes: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=CODES_PER_REQUEST_MAX)]


class CodesAdded(Struct, frozen=True, kw_only=True):
    """What filling the pool did."""

    filled: Filled
    pool: Pool


def list_rewards(desk: Desk, asked: ListRewards) -> RewardList:
    """Give every reward."""
    del asked
    with desk.present() as present:
        rewards = present.program.definition.rewards
        draft = present.stock(tuple(reward.id for reward in rewards))
        return RewardList(items=tuple(_stock(present, draft, reward) for reward in rewards))


def read_reward(desk: Desk, asked: OneReward) -> RewardStock:
    """Give one reward."""
    with desk.present() as present:
        reward = _known(present, asked.reward_id)
        return _stock(present, present.stock((reward.id,)), reward)


def add_codes(desk: Desk, unit: Unit, asked: AddCodes) -> CodesAdded:
    """Add codes to a reward's pool."""
    if _known(desk.present_in(unit), asked.reward_id).coupon != "pool":
        raise ProblemError(POOL_NOT_WANTED)
    filled = fill_pool(unit, desk.program_id, asked.reward_id, asked.codes)
    return CodesAdded(filled=filled, pool=pool(unit, desk.program_id, asked.reward_id))


def _known(present: Present, reward_id: str) -> Reward:
    reward = present.program.definition.reward_by_id.get(reward_id)
    if reward is None:
        raise RefusedError(refuse(REWARD_NOT_FOUND, field="reward_id", reward_id=reward_id))
    return reward


def _stock(present: Present, draft: Draft, reward: Reward) -> RewardStock:
    codes = pool(present.unit, present.program_id, reward.id) if reward.coupon == "pool" else None
    return RewardStock(reward=reward, redeemed=draft.redeemed(reward.id), pool=codes)


ROUTES = (
    Answer(
        method="GET",
        path="/v1/rewards",
        summary="List the rewards",
        scope="read",
        asks=ListRewards,
        gives=RewardList,
        answers=list_rewards,
    ),
    Answer(
        method="GET",
        path="/v1/rewards/{reward_id}",
        summary="Read a reward",
        scope="read",
        asks=OneReward,
        gives=RewardStock,
        refuses=(REWARD_NOT_FOUND,),
        answers=read_reward,
    ),
    Write(
        method="POST",
        path="/v1/rewards/{reward_id}/codes",
        summary="Add codes to a reward's pool",
        scope="admin",
        asks=AddCodes,
        gives=CodesAdded,
        refuses=(REWARD_NOT_FOUND, POOL_NOT_WANTED),
        writes=add_codes,
        example={"codes": ["BEANS-7Q2M", "BEANS-9KTX"]},
    ),
)
