"""Long random walks of the core beside the model, and what such walks are known to reach."""

from collections import Counter
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import settings

from stampbook.core.entries import EntryKind
from stampbook.facts import Fact
from tests.property.comparing import COMPARED_FACTS
from tests.property.walking import Walk

pytestmark = pytest.mark.timeout(1800)  # the deep profile walks for minutes

STEPS_PER_WALK = 70
WALKS_FOR_REACH = 120
FIRST_SEED = 1000
TIMES_MIN = 2
"""A kind of answer that is met only once would be lost by the next change of the generator."""

EITHER = ("transaction.not_found", "transaction.not_pending", "transaction.wrong_kind")
REACHED_BY = {
    "EnrollMember": ("member.exists", "member.id_retired"),
    "UpdateMember": ("member.not_found",),
    "DeleteMembers": ("member.not_found",),
    "OverrideTier": ("tier.not_found", "member.not_found"),
    "AwardPoints": (
        "activity.cap_reached",
        "activity.inactive",
        "activity.needs_number",
        "activity.needs_order",
        "activity.not_found",
        "activity.points_computed",
        "member.blocked",
        "member.not_found",
        "points.nothing_earned",
    ),
    "ApprovePoints": EITHER,
    "ApprovePoints in bulk": EITHER,
    "RejectPoints": EITHER,
    "RejectPoints in bulk": EITHER,
    "DeductPoints": ("member.not_found", "points.insufficient"),
    **dict.fromkeys(
        ("RedeemReward", "RedeemReward on hold"),
        (
            "member.blocked",
            "member.not_found",
            "points.insufficient",
            "reward.inactive",
            "reward.limit_reached",
            "reward.not_eligible",
            "reward.not_found",
            "reward.out_of_stock",
            "reward.points_invalid",
        ),
    ),
    "ApproveRedemption": EITHER,
    "RejectRedemption": EITHER,
    **dict.fromkeys(
        ("UseCoupon", "CancelCoupon to cancel", "CancelCoupon to refund"),
        ("coupon.already_used", "coupon.expired", "coupon.not_found", "coupon.not_usable"),
    ),
    "RecordOrder": ("member.blocked", "order.already_recorded", "order.amount_invalid"),
    "RecordOrder of a stranger": (
        "member.id_retired",
        "order.already_recorded",
        "order.amount_invalid",
        "program.auto_enrol_off",
    ),
    "ReturnOrder in full": (
        "order.already_returned",
        "order.not_found",
        "points.insufficient",
    ),
    "ReturnOrder by amount": (
        "order.already_returned",
        "order.amount_invalid",
        "order.not_found",
        "order.return_too_large",
    ),
    "ReturnOrder by product": (
        "order.already_returned",
        "order.not_found",
        "order.product_unknown",
        "order.return_too_large",
    ),
}
REACHED_ELSEWHERE = {"transfer_out", "transfer_in", "pend_out", "pend_in", "coupon"}
"""Entries of merges, which test_merging.py reaches, and of coupons that activities give."""
ALSO_REACHED = (
    "swept something",
    "swept nothing",
    "waited for the next, before=True",
    "waited for the next, before=False",
)


def test_walks_find_no_difference() -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + settings().max_examples):
        Walk(seed).go(STEPS_PER_WALK)


def test_walks_reach_every_command_every_refusal_and_every_way_that_points_go() -> None:
    reached: Counter[str] = Counter()
    for seed in range(WALKS_FOR_REACH):
        walk = Walk(seed, reached)
        walk.go(STEPS_PER_WALK)
        everything = walk.play.harness.everything
        reached.update(entry.kind for entry in everything.entries)
        reached.update(fact.type for fact in everything.facts)
    kinds = set(get_args(EntryKind)) - REACHED_ELSEWHERE
    wanted = [*ALSO_REACHED, *sorted(kinds), *COMPARED_FACTS]
    for command, codes in REACHED_BY.items():
        wanted += [f"{command}: {code}" for code in ("accepted", *codes)]
    assert [one for one in wanted if reached[one] < TIMES_MIN] == []


@pytest.mark.parametrize("seed", range(25))
def test_work_that_is_settled_late_leaves_what_a_sweep_would_have_left(seed: int) -> None:
    late, swept = Walk(seed, sweeps="never"), Walk(seed, sweeps="always")
    late.go(STEPS_PER_WALK)
    swept.go(STEPS_PER_WALK)
    for walk in (late, swept):
        walk.play.harness.now += timedelta(days=400)
        walk.play.harness.sweep()
    assert history(late) == history(swept)


def history(walk: Walk) -> dict[str, list[Any]]:
    """Give what happened to each member, ids and causes apart."""
    told: dict[str, list[Any]] = {}
    for fact in walk.play.harness.everything.facts:
        told.setdefault(fact.data.member.member_id, []).append(without_ids(fact))
    return told


def without_ids(fact: Fact) -> tuple[Any, ...]:
    member = fact.data.member
    return (fact.type, fact.occurred_at, fact.data.sequence, member.balances, member.tier)
