"""Rewards: ids are unique, tiers exist, and each sub-type has what it needs and no more."""

from collections.abc import Iterator

from stampbook.core.definition import Definition
from stampbook.nouns.reward import PointsEligibility, Reward
from stampbook.program.problems import Flaw, Path, choose_from, repeated

VALUED = frozenset({"fixed_amount", "percentage", "gift_card", "flexible_amount"})
WHOLE_PERCENT = 100


def _check(definition: Definition) -> Iterator[Flaw]:
    yield from repeated((reward.id for reward in definition.rewards), ("rewards",))
    for index, reward in enumerate(definition.rewards):
        path = ("rewards", index)
        yield from _eligibility_flaws(reward, definition, path)
        yield from _value_flaws(reward, path)
        yield from _flexible_flaws(reward, path)
        yield from _coupon_flaws(reward, path)
        yield from _date_flaws(reward, path)


def _eligibility_flaws(reward: Reward, definition: Definition, path: Path) -> Iterator[Flaw]:
    tiers = definition.level_by_id
    for index, tier in enumerate(reward.tiers):
        if tier not in tiers:
            yield Flaw((*path, "tiers", index), f"{tier} is no tier.", choose_from(tier, tiers))
    if reward.tiers and reward.eligibility != PointsEligibility():
        yield Flaw(
            (*path, "eligibility"),
            "is not read, because tiers open the reward.",
            "Keep either tiers or eligibility.",
        )


def _value_flaws(reward: Reward, path: Path) -> Iterator[Flaw]:
    if reward.sub_type in VALUED and not reward.value:
        yield Flaw(
            path,
            f"is a {reward.sub_type} without a value.",
            "Give value: an amount of the program's currency, or for percentage a percentage.",
        )
    if reward.sub_type == "percentage" and (reward.value or 0) > WHOLE_PERCENT:
        yield Flaw((*path, "value"), f"is {reward.value:g} percent.", "Give 100 at the most.")
    if reward.sub_type == "product" and reward.product_id is None:
        yield Flaw(path, "is a product that is not named.", "Give product_id.")


def _flexible_flaws(reward: Reward, path: Path) -> Iterator[Flaw]:
    if reward.sub_type != "flexible_amount":
        for key, standard in (("step", 1), ("points_max", None)):
            if getattr(reward, key) != standard:
                yield Flaw(
                    (*path, key),
                    f"is not read by a {reward.sub_type}.",
                    'Leave it out, or set sub_type to "flexible_amount".',
                )
        return
    most = reward.points_max
    if most is not None and most < reward.points:
        yield Flaw(
            (*path, "points_max"),
            f"is {most}, less than the least of {reward.points} points.",
            "Give at least as many as points.",
        )
    for key in ("points", "points_max"):
        points = getattr(reward, key)
        if points is not None and points % reward.step:
            yield Flaw(
                (*path, key),
                f"is {points}, no multiple of the step of {reward.step} points.",
                "Give a multiple of step.",
            )


def _coupon_flaws(reward: Reward, path: Path) -> Iterator[Flaw]:
    if reward.coupon != "generated" and reward.code_prefix:
        yield Flaw(
            (*path, "code_prefix"),
            f"is not read when coupon is {reward.coupon}.",
            'Leave it out, or set coupon to "generated".',
        )
    if reward.coupon == "none" and reward.coupon_days is not None:
        yield Flaw(
            (*path, "coupon_days"),
            "is not read when coupon is none.",
            'Leave it out, or set coupon to "generated".',
        )


def _date_flaws(reward: Reward, path: Path) -> Iterator[Flaw]:
    starts, ends = reward.starts_at, reward.ends_at
    if starts is not None and ends is not None and starts >= ends:
        yield Flaw(
            (*path, "ends_at"), "is not after starts_at.", "Let the reward end after it starts."
        )


CHECK = _check
