"""Merges among a few members, in any order: no point is made or lost, and undoing is exact."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec import Struct

from stampbook.commands import Command
from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.approve_redemption import ApproveRedemption
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.merge_members import MergeMembers
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.reject_points import RejectPoints
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.undo_merge import UndoMerge
from stampbook.core.audit import Record, Told, audit
from stampbook.core.book import Book
from stampbook.core.counters import Day
from stampbook.core.definition import (
    Approval,
    Cap,
    Definition,
    Expiry,
    Period,
    PointsSettings,
    Tiers,
)
from stampbook.core.refusals import Refused
from stampbook.nouns.reward import Reward
from tests.core.shop import GIFT, LEVELS, PURCHASE, at, gift
from tests.property.harness import Harness
from tests.property.invariants import check

pytestmark = pytest.mark.timeout(1800)  # the deep profile plays for minutes

MEMBERS = ("ada", "ben", "cleo")
PERIODS = (
    Period(),
    Period(kind="cycle", months=1),
    Period(kind="rolling", days=20),
    Period(kind="anniversary"),
)
members = st.sampled_from(MEMBERS)
picks = st.integers(0, 30)


class Merging(RuleBasedStateMachine):
    """Earning, spending, time, merges and their undoing at random."""

    @initialize(
        period=st.sampled_from(PERIODS),
        basis=st.sampled_from(["qualified_points", "spend"]),
        clawback=st.sampled_from(["only_available", "allow_debt"]),
        inactivity=st.sampled_from([None, 25]),
        downgrades=st.booleans(),
    )
    def begin(
        self, *, period: Period, basis: Any, clawback: Any, inactivity: Any, downgrades: bool
    ) -> None:
        definition = Definition(
            name="Merging",
            points=PointsSettings(clawback=clawback, inactivity_days=inactivity),
            tiers=Tiers(
                levels=LEVELS, period=period, basis=basis, downgrade_on_deduction=downgrades
            ),
            activities=(
                GIFT,
                PURCHASE,
                gift("short", expiry=Expiry(days=9), caps=(Cap(per="week", times=3),)),
                gift("later", approval=Approval(method="after_days", days=5)),
            ),
            rewards=(
                Reward(id="mug", name="Mug", sub_type="product", points=60),
                Reward(id="cup", name="Cup", sub_type="product", points=25, coupon="none"),
            ),
        )
        self.harness = Harness(definition, at("2026-01-10 09:00"))
        self.orders = 0
        for member in MEMBERS:
            self.ask(EnrollMember(member_id=member))

    def ask(self, command: Command) -> Struct | Refused:
        result = self.harness.run(command)
        check(self.harness)
        self.check_books()
        return result

    def check_books(self) -> None:
        """What was issued is all there, once, and each ledger says what is kept beside it."""
        everything, state = self.harness.everything, self.harness.state
        issued = sum(one.points for one in everything.entries if one.kind in {"award", "pend"})
        assert sum(book.member.balances.issued for book in state.books.values()) == issued
        for book in state.books.values():
            assert audit(self.record(book)) == []

    def record(self, book: Book) -> Record:
        everything, member = self.harness.everything, book.member.id
        return Record(
            member=book.member,
            counters=book.counters,
            lots=[lot for owner, lot in everything.lots.values() if owner == member],
            transactions=[
                one for owner, one in everything.transactions.values() if owner == member
            ],
            entries=[entry for entry in everything.entries if entry.member == member],
            facts=[
                Told(
                    type=fact.type,
                    sequence=fact.data.sequence,
                    to_tier=getattr(fact.data, "to_tier", None),
                )
                for fact in everything.facts
                if fact.member == member
            ],
        )

    @rule(
        member=members,
        activity=st.sampled_from(["gift", "short", "later"]),
        points=st.sampled_from([7, 40, 120]),
    )
    def award(self, member: str, activity: str, points: int) -> None:
        self.ask(AwardPoints(member_id=member, activity_id=activity, points=points))

    @rule(member=members, subtotal=st.sampled_from([15, 80]))
    def order(self, member: str, subtotal: int) -> None:
        self.orders += 1
        order_id = f"o-{self.orders}"
        self.ask(RecordOrder(order_id=order_id, member_id=member, order_subtotal=subtotal))

    @rule(pick=picks)
    def give_back(self, pick: int) -> None:
        self.ask(ReturnOrder(order_id=f"o-{pick}"))

    @rule(member=members, reward=st.sampled_from(["mug", "cup"]), hold=st.booleans())
    def redeem(self, *, member: str, reward: str, hold: bool) -> None:
        self.ask(RedeemReward(member_id=member, reward_id=reward, hold=hold))

    @rule(pick=picks, approve=st.booleans())
    def resolve(self, *, pick: int, approve: bool) -> None:
        found = [one for one in self.harness.state.transactions.values() if one.status == "pending"]
        if not found:
            return
        chosen = found[pick % len(found)]
        if chosen.kind == "redeem":
            self.ask(ApproveRedemption(transaction_id=chosen.id))
        else:
            command = ApprovePoints if approve else RejectPoints
            self.ask(command(transaction_ids=(chosen.id,)))

    @rule(pick=picks)
    def refund(self, pick: int) -> None:
        codes = list(self.harness.state.coupons)
        if codes:
            self.ask(CancelCoupon(code=codes[pick % len(codes)], refund=True))

    @rule(member=members, points=st.sampled_from([3, 90]))
    def deduct(self, member: str, points: int) -> None:
        self.ask(DeductPoints(member_id=member, points=points))

    @rule(source=members, into=members)
    def merge(self, source: str, into: str) -> None:
        self.ask(MergeMembers(member_id=source, into=into))

    @rule(source=members)
    def undo(self, source: str) -> None:
        self.ask(UndoMerge(member_id=source))

    @rule(source=members, into=members)
    def merge_and_think_better_of_it(self, source: str, into: str) -> None:
        self.harness.sweep()
        before = [self.picture(member) for member in MEMBERS]
        if not isinstance(self.ask(MergeMembers(member_id=source, into=into)), Refused):
            assert not isinstance(self.ask(UndoMerge(member_id=source)), Refused)
            assert [self.picture(member) for member in MEMBERS] == before

    def picture(self, member_id: str) -> dict[str, Any]:
        """All of a member that undoing restores."""
        book = self.harness.settled(member_id)
        member, tier = book.member, book.member.tier
        return {
            "balances": member.balances,
            "lots": {
                lot.id: (lot.remaining, lot.held, lot.expires_at) for lot in book.lots.values()
            },
            "pending": book.pending,
            "coupons": book.coupons,
            "status": (member.status, member.merged_into),
            "tier": tier and (tier.tier_id, tier.qualified_points, tier.qualified_spend),
            "purchases": (member.number_of_purchases, member.number_of_redemptions),
            "dates": (member.first_purchase_at, member.last_purchase_at),
            "money": (member.revenue, member.aov, book.counters.revenue_minor),
            "days": {day: value for day, value in book.counters.days.items() if value != Day()},
            "absorbed": book.agenda.absorbed,
        }

    @rule(days=st.sampled_from([0, 1, 4, 12, 40]), sweep=st.booleans())
    def wait(self, *, days: int, sweep: bool) -> None:
        self.harness.now += timedelta(days=days, minutes=31)
        if sweep:
            self.harness.sweep()


TestMerging = Merging.TestCase
TestMerging.settings = settings(deadline=None, stateful_step_count=40)
