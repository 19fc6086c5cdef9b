"""Merging: what is open moves with its origin and moves back, and no point is made or lost."""

from typing import Any

from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.cancel_coupon import CancelCoupon
from stampbook.commands.deduct_points import DeductPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.merge_members import MembersMerged, MergeMembers
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.undo_merge import MergeUndone, UndoMerge
from stampbook.commands.update_member import UpdateMember
from stampbook.core.definition import Activity, Approval, Cap, Period, Tiers
from stampbook.nouns.lot import Approver, Lot
from tests.core.shop import ADA, LEVELS, Shop, expiring, gift

BEN = "ben"
STAFF = Approver(id="u-1", name="Support")
LATER = gift("later", approval=Approval(method="after_days", days=10))


def pair(*activities: Activity, **options: Any) -> Shop:
    """Two members, Ada and Ben."""
    shop = Shop(*activities, **options)
    shop.do(EnrollMember(member_id=BEN))
    return shop


def merge(shop: Shop, source: str = BEN, into: str = ADA) -> MembersMerged:
    return shop.do(MergeMembers(member_id=source, into=into, approver=STAFF))


def undo(shop: Shop, source: str = BEN) -> MergeUndone:
    return shop.do(UndoMerge(member_id=source, approver=STAFF))


def lots(shop: Shop, key: str) -> list[Lot]:
    return [lot for lot in shop.settled(key).lots.values() if lot.remaining]


def test_lots_move_with_their_dates_and_say_where_they_come_from() -> None:
    shop = pair(expiring("short", days=10), expiring("long", days=90))
    shop.award(30, "long", BEN)
    shop.travel("2026-01-12 09:00")
    award = shop.award(40, "short", BEN)
    [long, short] = lots(shop, BEN)
    shop.travel("2026-01-15 09:00")
    merged = merge(shop)
    assert merged.moved.points == 70
    assert shop.left() == {"long": 30, "short": 40}
    moved = {lot.activity_id: lot for lot in lots(shop, ADA)}
    assert moved["short"].expires_at == short.expires_at
    assert moved["short"].opened_at == short.opened_at
    assert moved["short"].awarded_at == short.awarded_at
    origin = moved["short"].origin
    assert origin is not None
    assert (origin.lot_id, origin.transaction_id, origin.member_id) == (short.id, award.id, BEN)
    assert moved["long"].origin is not None
    assert moved["long"].origin.lot_id == long.id
    shop.travel("2026-01-23 09:00")
    shop.sweep()
    assert shop.balances.available == 30
    assert "points.expired" in shop.facts()


def test_the_source_is_closed_and_says_who_took_over() -> None:
    shop = pair()
    shop.award(50, key=BEN)
    merged = merge(shop)
    assert shop.facts()[:2] == ["member.updated", "member.updated"]
    assert (merged.source.status, merged.source.merged_into) == ("merged", ADA)
    assert merged.source.balances.available == 0
    for command in (
        AwardPoints(member_id=BEN, activity_id="gift"),
        RedeemReward(member_id=BEN, reward_id="mug"),
        UpdateMember(member_id=BEN, first_name="Ben"),
        RecordOrder(order_id="o-1", member_id=BEN, order_subtotal=5),
        EnrollMember(member_id=BEN),
        MergeMembers(member_id=BEN, into=ADA),
        MergeMembers(member_id=ADA, into=BEN),
    ):
        refused = shop.run(command)
        assert refused.code == "member.merged"  # type: ignore[union-attr]
        assert refused.facts["merged_into"] == ADA  # type: ignore[union-attr]


def test_an_order_of_the_source_names_who_took_over() -> None:
    shop = pair()
    shop.do(RecordOrder(order_id="o-1", member_id=BEN, order_subtotal=50))
    merge(shop)
    assert shop.refusal(ReturnOrder(order_id="o-1")) == "member.merged"
    undo(shop)
    shop.give_back("o-1")
    assert shop.member(BEN).balances.available == 0


def test_a_pending_award_waits_with_the_target_under_its_own_id() -> None:
    shop = pair(LATER)
    award = shop.award(60, "later", BEN)
    merged = merge(shop)
    assert merged.moved.awards == 1
    assert (merged.source.balances.pending, merged.target.balances.pending) == (0, 60)
    shop.travel("2026-01-25 09:00")
    shop.sweep()
    assert shop.balances.available == 60
    assert shop.state.transactions[award.id].member_id == ADA


def test_a_pending_award_goes_back_unless_it_was_approved() -> None:
    shop = pair(LATER)
    first, second = shop.award(60, "later", BEN), shop.award(5, "later", BEN)
    merge(shop)
    shop.do(ApprovePoints(transaction_ids=(first.id,)))
    undone = undo(shop)
    assert undone.moved.awards == 1
    assert shop.balances.available == 60
    assert shop.member(BEN).balances.pending == 5
    shop.do(ApprovePoints(transaction_ids=(second.id,)))
    assert shop.member(BEN).balances.available == 5


def test_coupons_move_and_cannot_be_refunded_into_lots_of_another() -> None:
    shop = pair()
    shop.award(100, key=BEN)
    coupon = shop.redeem(key=BEN).coupon
    assert coupon is not None
    assert merge(shop).moved.coupons == 1
    assert shop.refusal(CancelCoupon(code=coupon.code, refund=True)) == "coupon.merged"
    assert undo(shop).moved.coupons == 1
    shop.do(CancelCoupon(code=coupon.code, refund=True))
    assert shop.member(BEN).balances.available == 100


def test_what_was_done_counts_together() -> None:
    shop = pair(gift("daily", caps=(Cap(per="day", times=3),)), tiers=Tiers(levels=LEVELS))
    for key, order, subtotal in ((ADA, "o-1", 80), (BEN, "o-2", 90), (BEN, "o-3", 10)):
        shop.do(RecordOrder(order_id=order, member_id=key, order_subtotal=subtotal))
    for key in (ADA, BEN, BEN):
        shop.award(1, "daily", key)
    merged = merge(shop)
    assert "tier.upgraded" in shop.facts()
    assert merged.target.number_of_purchases == 3
    assert (merged.target.revenue, merged.target.aov) == (180.0, 60.0)
    assert shop.standing.qualified_points == 183
    assert shop.standing.tier_id == "silver"
    command = AwardPoints(member_id=ADA, activity_id="daily")
    assert shop.refusal(command) == "activity.cap_reached"
    undone = undo(shop)
    assert shop.standing.tier_id == "base"
    assert undone.target.number_of_purchases == 1
    assert undone.target.revenue == 80.0
    shop.do(command)


def test_undoing_leaves_with_the_target_what_it_spent() -> None:
    shop = pair()
    shop.award(150, key=BEN)
    [lot] = lots(shop, BEN)
    merge(shop)
    shop.redeem()
    undone = undo(shop)
    assert (undone.moved.points, undone.spent) == (50, 100)
    assert shop.balances.available == 0
    [back] = lots(shop, BEN)
    assert (back.id, back.points, back.remaining) == (lot.id, 150, 50)


def test_a_hold_of_the_target_comes_back_to_the_target() -> None:
    shop = pair()
    shop.award(150, key=BEN)
    merge(shop)
    shop.redeem(hold=True)
    assert undo(shop).moved.points == 50
    shop.travel("2026-01-10 09:31")
    shop.sweep()
    assert (shop.balances.available, shop.member(BEN).balances.available) == (100, 50)


def test_what_may_not_be_merged() -> None:
    shop = pair(clawback="allow_debt")
    ask = MergeMembers(member_id=BEN, into=ADA)
    assert shop.refusal(MergeMembers(member_id=ADA, into=ADA)) == "merge.same_member"
    assert shop.refusal(MergeMembers(member_id="carl", into=ADA)) == "member.not_found"
    assert shop.refusal(UndoMerge(member_id=BEN)) == "merge.not_done"
    assert shop.refusal(UndoMerge(member_id="carl")) == "member.not_found"
    shop.award(100, key=BEN)
    shop.redeem(key=BEN, hold=True)
    assert shop.refusal(ask) == "merge.hold_open"
    shop.travel("2026-01-10 10:00")
    shop.deduct(5)
    assert shop.refusal(ask) == "merge.debt_open"
    shop.award(5)
    shop.do(UpdateMember(member_id=BEN, status="blocked"))
    assert shop.refusal(ask) == "member.blocked"
    shop.do(UpdateMember(member_id=BEN, status="active"))
    merge(shop)
    undo(shop)
    assert shop.refusal(UndoMerge(member_id=BEN)) == "merge.not_done"


def test_a_chain_is_undone_from_its_end() -> None:
    shop = pair()
    shop.do(EnrollMember(member_id="cleo"))
    shop.award(70, key=BEN)
    [lot] = lots(shop, BEN)
    merge(shop)
    merge(shop, ADA, "cleo")
    [last] = lots(shop, "cleo")
    assert last.origin is not None
    assert (last.origin.member_id, last.origin.transaction_id) == (BEN, lot.transaction_id)
    assert shop.refusal(UndoMerge(member_id=BEN)) == "member.merged"
    undo(shop, ADA)
    undo(shop)
    assert [one.id for one in lots(shop, BEN)] == [lot.id]


def test_one_person_is_deleted_as_a_whole() -> None:
    shop = pair()
    merge(shop)
    assert shop.refusal(DeleteMembers(member_ids=(ADA,))) == "member.has_merged"
    shop.do(DeleteMembers(member_ids=(ADA, BEN)))
    assert shop.facts() == ["member.deleted", "member.deleted"]


def test_a_merged_member_can_be_deleted_alone_and_is_forgotten_by_the_other() -> None:
    shop = pair()
    merge(shop)
    shop.do(DeleteMembers(member_ids=(BEN,)))
    shop.do(DeleteMembers(member_ids=(ADA,)))


def test_time_does_nothing_to_a_merged_member() -> None:
    period = Period(kind="cycle", months=1)
    shop = pair(tiers=Tiers(levels=LEVELS, period=period), inactivity_days=30)
    shop.award(20, key=BEN)
    merge(shop)
    shop.travel("2026-01-30 09:00")
    shop.award(1)
    shop.travel("2026-02-20 09:00")
    shop.sweep()
    assert all(fact.data.member.member_id != BEN for fact in shop.last.facts)
    undo(shop)
    assert shop.member(BEN).balances.available == 20  # their activity was the target's meanwhile


def test_a_deduction_of_the_target_takes_from_both() -> None:
    shop = pair()
    shop.award(30, key=BEN)
    shop.award(10)
    merge(shop)
    shop.do(DeductPoints(member_id=ADA, points=15))
    undone = undo(shop)
    assert (undone.moved.points, undone.spent) == (25, 5)
    assert shop.balances.available == 0
