"""History: what members and the shop once asked, read back from the facts.

Shapes: only what somebody did is read; what the program made of it is worked out again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.override_tier import OverrideTier
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.update_member import UpdateMember
from stampbook.core.members import Profile
from stampbook.core.refusals import (
    POINTS_INSUFFICIENT,
    REWARD_INACTIVE,
    REWARD_LIMIT_REACHED,
    REWARD_NOT_ELIGIBLE,
    REWARD_OUT_OF_STOCK,
)
from stampbook.facts import FactData, type_of
from stampbook.facts.coupon.updated import CouponUpdated
from stampbook.facts.member.enrolled import MemberEnrolled
from stampbook.facts.member.updated import MemberUpdated
from stampbook.facts.order.recorded import OrderRecorded
from stampbook.facts.order.updated import OrderUpdated
from stampbook.facts.points.deducted import PointsDeducted
from stampbook.facts.points.earned import PointsEarned
from stampbook.facts.points.pended import PointsPended
from stampbook.facts.points.redeemed import PointsRedeemed
from stampbook.facts.points.refused import PointsRefused
from stampbook.facts.points.rejected import PointsRejected
from stampbook.facts.reward.refused import RewardRefused
from stampbook.facts.tier.downgraded import TierDowngraded
from stampbook.facts.tier.upgraded import TierUpgraded
from stampbook.nouns.lot import SYSTEM, Approver
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import Transaction
from stampbook.simulation.purchases import changes_of, purchase_of
from stampbook.values.ids import TransactionId
from stampbook.values.instants import Instant

ASKED_FOR_REWARD = frozenset(
    one.code
    for one in (
        POINTS_INSUFFICIENT,
        REWARD_INACTIVE,
        REWARD_LIMIT_REACHED,
        REWARD_NOT_ELIGIBLE,
        REWARD_OUT_OF_STOCK,
    )
)
"""The refusals of a request to redeem; the others are about coupons and holds."""

CLAWBACK = "points.clawback"
"""The rule that refuses a deduction."""


class Resolve(Struct, frozen=True, kw_only=True):
    """What a moderator or a shop did with a transaction, named as it was stored."""

    transaction_id: TransactionId
    order_id: str | None
    """Of an award that an order earned."""
    verb: str
    """approve, reject, or cancel a coupon whose points came back."""
    approver: Approver = SYSTEM


class Action(Struct, frozen=True, kw_only=True):
    """Something that was asked. `made` is the transaction that it made when it was stored."""

    at: Instant
    asks: Command | Resolve
    made: TransactionId | None = None


class Told(Struct, frozen=True):
    """A fact of a member, as a reader of the store gives it."""

    at: Instant
    data: FactData


class _Reading:
    """A member's facts being read in their order."""

    def __init__(self, derived: frozenset[str]) -> None:
        self.derived = derived
        self.seen: set[TransactionId] = set()
        self.orders: dict[str, Order] = {}


def actions(told: Iterable[Told], derived: frozenset[str]) -> Iterator[Action]:
    """Give what was asked of a member, in the order in which it was.

    Shapes: `derived` are the activities that follow from something else, such as a campaign's
    bonus: the simulation makes them happen itself.
    """
    reading = _Reading(derived)
    for one in told:
        for asks, made in _READERS[type(one.data)](reading, one.data, one.at):
            yield Action(at=one.at, asks=asks, made=made)


Asked = Iterator[tuple[Command | Resolve, TransactionId | None]]


def _enrolled(_: _Reading, fact: MemberEnrolled, at: Instant) -> Asked:
    member = fact.member
    profile: dict[str, Any] = {
        name: getattr(member, name) for name in Profile.__struct_fields__ if hasattr(member, name)
    }
    enrolled_at = member.enrolled_at if member.enrolled_at < at else None
    yield EnrollMember(member_id=member.member_id, enrolled_at=enrolled_at, **profile), None


def _updated(_: _Reading, fact: MemberUpdated, __: Instant) -> Asked:
    names = set(fact.changed).intersection(UpdateMember.__struct_fields__)
    # a merge is of two members, and each is replayed alone
    if names and "merged_into" not in fact.changed and fact.member.status != "deleted":
        profile = {name: getattr(fact.member, name) for name in names}
        yield UpdateMember(member_id=fact.member.member_id, **profile), None


def _recorded(reading: _Reading, fact: OrderRecorded, at: Instant) -> Asked:
    reading.orders[fact.order.order_id] = fact.order
    yield purchase_of(fact.order, at), None


def _order_updated(reading: _Reading, fact: OrderUpdated, _: Instant) -> Asked:
    before = reading.orders.get(fact.order.order_id)
    reading.orders[fact.order.order_id] = fact.order
    for command in changes_of(before, fact):
        yield command, None


def _awarded(reading: _Reading, fact: PointsEarned | PointsPended, _: Instant) -> Asked:
    award = fact.transaction
    if award.id in reading.seen:
        yield from _moderated(award, "approve")
        return
    reading.seen.add(award.id)
    if award.order_id is not None or award.activity_id in reading.derived:
        return
    asks = AwardPoints(
        member_id=award.member_id,
        activity_id=award.activity_id or "",
        points=award.asked,
        transaction_attributes=award.attributes,
        additional_data=award.additional_data,
    )
    yield asks, award.id


def _rejected(_: _Reading, fact: PointsRejected, __: Instant) -> Asked:
    yield from _moderated(fact.transaction, "reject")


def _moderated(award: Transaction, verb: str) -> Asked:
    if award.approver != SYSTEM:  # the System's come about by themselves
        resolve = Resolve(
            transaction_id=award.id, order_id=award.order_id, verb=verb, approver=award.approver
        )
        yield resolve, None


def _redeemed(_: _Reading, fact: PointsRedeemed, __: Instant) -> Asked:
    redemption = fact.transaction
    asks = RedeemReward(
        member_id=redemption.member_id,
        reward_id=redemption.reward_id or "",
        points=redemption.points,
        transaction_attributes=redemption.attributes,
    )
    yield asks, redemption.id


def _coupon_updated(_: _Reading, fact: CouponUpdated, __: Instant) -> Asked:
    bought_by = fact.coupon.transaction_id
    if fact.points_returned and bought_by is not None:
        yield Resolve(transaction_id=bought_by, order_id=None, verb="cancel"), None


def _deducted(_: _Reading, fact: PointsDeducted, __: Instant) -> Asked:
    deduction = fact.transaction
    if deduction.order_id is None:
        asks = DeductPoints(
            member_id=deduction.member_id,
            points=deduction.asked or deduction.points,
            transaction_attributes=deduction.attributes,
            approver=deduction.approver,
        )
        yield asks, deduction.id


def _tier_moved(_: _Reading, fact: TierUpgraded | TierDowngraded, __: Instant) -> Asked:
    if fact.reason == "override":
        yield OverrideTier(member_id=fact.member.member_id, tier_id=fact.to_tier), None


def _redemption_refused(_: _Reading, fact: RewardRefused, __: Instant) -> Asked:
    """A redemption that was refused may be granted by another program."""
    if fact.code in ASKED_FOR_REWARD and fact.reward_id is not None:
        yield RedeemReward(member_id=fact.member.member_id, reward_id=fact.reward_id), None


def _points_refused(_: _Reading, fact: PointsRefused, __: Instant) -> Asked:
    """An award by request that was refused may be made, and a deduction, by another program."""
    member_id = fact.member.member_id
    if fact.order_id is not None or fact.facts.get("order_id") is not None:
        return  # the order says it
    if fact.activity_id is not None:
        yield AwardPoints(member_id=member_id, activity_id=fact.activity_id), None
    elif fact.rule == CLAWBACK and "needed" in fact.facts:
        yield DeductPoints(member_id=member_id, points=fact.facts["needed"]), None


_READERS: Mapping[type[FactData], Callable[[_Reading, Any, Instant], Asked]] = {
    MemberEnrolled: _enrolled,
    MemberUpdated: _updated,
    OrderRecorded: _recorded,
    OrderUpdated: _order_updated,
    PointsPended: _awarded,
    PointsEarned: _awarded,
    PointsRejected: _rejected,
    PointsRedeemed: _redeemed,
    PointsDeducted: _deducted,
    CouponUpdated: _coupon_updated,
    TierUpgraded: _tier_moved,
    TierDowngraded: _tier_moved,
    RewardRefused: _redemption_refused,
    PointsRefused: _points_refused,
}

READ: Mapping[str, type[FactData]] = {type_of(data): data for data in _READERS}
"""The facts that say what was asked, by name."""


def read_fact(kind: str, body: str) -> FactData:
    """Read a stored fact of READ."""
    return msgspec.json.decode(body, type=READ[kind])
