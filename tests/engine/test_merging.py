"""Merging in a database: rows move and come back, and verify finds nothing."""

from datetime import timedelta

from msgspec.structs import replace

from stampbook.clockwork.advance import AdvanceReport, advance
from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.award_points import AwardPoints, PointsAwarded
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.merge_members import MembersMerged, MergeMembers
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.redeem_reward import RedeemReward, RewardRedeemed
from stampbook.commands.undo_merge import MergeUndone, UndoMerge
from stampbook.core.definition import Activity, Approval, Computation, CouponOffer
from stampbook.core.growth import Orders, Reminders
from stampbook.engine.submission import Done, Rejected
from stampbook.store.reading.members import find_id
from stampbook.store.reading.points import lots, transactions
from stampbook.store.verify import verify
from stampbook.values.ids import MemberId
from stampbook.values.instants import from_ms
from tests.engine.shop import DEFINITION, PROGRAM, START_MS, Shop, opened

MERGE = MergeMembers(member_id="ben", into="ann")


def fill(shop: Shop) -> PointsAwarded:
    """Two members with points; Ben has an award that waits and a coupon too."""
    for member in ("ann", "ben"):
        shop.done(EnrollMember(member_id=member), object)
        for points in (200, 50):
            shop.do(AwardPoints(member_id=member, activity_id="visit", points=points))
    shop.done(RedeemReward(member_id="ben", reward_id="mug"), RewardRedeemed)
    return shop.done(AwardPoints(member_id="ben", activity_id="post"), PointsAwarded)


def kinds(shop: Shop, member_id: str) -> list[str]:
    with shop.backend.read() as unit:
        member = find_id(unit, PROGRAM, member_id)
        return sorted(one.kind for one in transactions(unit, PROGRAM, member=member, limit=9).items)


def sound(shop: Shop) -> bool:
    with shop.backend.read() as unit:
        return not list(verify(unit, PROGRAM))


def test_a_merge_is_stored_and_undone(database_url: str) -> None:
    with opened(database_url) as shop:
        pending = fill(shop).transaction
        lots = "SELECT id, remaining FROM lot WHERE remaining > 0 AND member = ?"
        [(ben,)] = shop.rows("SELECT id FROM member WHERE member_id = 'ben'")
        before = shop.rows(lots, (ben,))
        merged = shop.done(MERGE, MembersMerged)
        assert merged.target.balances.available == 400
        assert shop.rows(lots, (ben,)) == []
        assert sound(shop)
        shop.do(ApprovePoints(transaction_ids=(pending.id,)))
        undone = shop.done(UndoMerge(member_id="ben"), MergeUndone)
        assert (undone.moved.points, undone.spent) == (150, 0)
        assert undone.target.balances.available == 270
        assert sorted(shop.rows(lots, (ben,))) == sorted(before)
        assert sound(shop)
        again = shop.do(UndoMerge(member_id="ben"))
        assert isinstance(again, Rejected)
        assert again.refused.code == "merge.not_done"
        assert sound(shop)


def test_what_came_is_listed_with_the_target(database_url: str) -> None:
    definition = replace(
        DEFINITION,
        coupons=(CouponOffer(id="ten", name="Ten", value=10),),
        activities=(
            *DEFINITION.activities,
            Activity(
                id="draw",
                name="Draw",
                computation=Computation(kind="fixed"),
                coupon="ten",
                approval=Approval(method="manual"),
            ),
        ),
    )
    with opened(database_url, definition=definition) as shop:
        pending = fill(shop).transaction
        drawn = shop.done(AwardPoints(member_id="ben", activity_id="draw"), PointsAwarded)
        assert kinds(shop, "ben") == ["award", "award", "award", "coupon_award", "redeem"]
        shop.do(MERGE)
        assert kinds(shop, "ben") == ["award", "award", "redeem", "transfer"]
        assert kinds(shop, "ann") == ["award", "award", "award", "coupon_award", "transfer"]
        with shop.backend.read() as unit:
            ann = find_id(unit, PROGRAM, "ann") or MemberId("")
            opened_lots = lots(unit, PROGRAM, ann, is_open=True, limit=9).items
            assert sum(lot.remaining for lot in opened_lots) == 400
        waiting = (pending.id, drawn.transaction.id)
        shop.done(ApprovePoints(transaction_ids=waiting), object)
        assert sound(shop)


def test_what_the_target_spent_stays_spent(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        shop.do(MERGE)
        for _ in range(3):
            shop.done(RedeemReward(member_id="ann", reward_id="mug"), RewardRedeemed)
        undone = shop.done(UndoMerge(member_id="ben"), MergeUndone)
        assert undone.source.balances.available + undone.target.balances.available == 100
        assert undone.moved.points + undone.spent == 150
        assert sound(shop)
        shop.done(AwardPoints(member_id="ben", activity_id="visit"), PointsAwarded)
        assert sound(shop)


def test_all_in_one_batch_is_as_one_after_another(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        commands = (MERGE, RedeemReward(member_id="ann", reward_id="mug"), MERGE)
        outcomes = shop.all(shop.submission(each) for each in commands)
        assert [isinstance(one, Done) for one in outcomes] == [True, True, False]
        outcomes = shop.all(
            shop.submission(each)
            for each in (UndoMerge(member_id="ben"), MERGE, UndoMerge(member_id="ben"))
        )
        assert all(isinstance(one, Done) for one in outcomes)
        assert sound(shop)


def test_a_merged_person_is_deleted_as_a_whole(database_url: str) -> None:
    with opened(database_url) as shop:
        fill(shop)
        shop.do(MERGE)
        alone = shop.do(DeleteMembers(member_ids=("ann",)))
        assert isinstance(alone, Rejected)
        assert alone.refused.facts["merged_members"] == ["ben"]
        shop.done(DeleteMembers(member_ids=("ben",)), object)
        shop.done(DeleteMembers(member_ids=("ann",)), object)
        assert sound(shop)


def test_the_clockwork_leaves_a_merged_member_alone(database_url: str) -> None:
    definition = replace(
        DEFINITION,
        orders=Orders(fulfilled_when=("delivered",)),
        reminders=Reminders(review_days=3),
    )
    with opened(database_url, definition=definition, test_clock_ms=START_MS) as shop:
        fill(shop)
        for member in ("ann", "ben"):
            order = RecordOrder(
                order_id=f"o-{member}", member_id=member, order_subtotal=5, status="delivered"
            )
            shop.done(order, object)
        shop.do(MERGE)
        to = from_ms(START_MS) + timedelta(days=5)
        report = advance(shop.engine, PROGRAM, to, cause="advance")
        assert isinstance(report, AdvanceReport)
        asked = "SELECT count(*) FROM fact WHERE type = 'review.requested'"
        assert shop.rows(asked) == [(1,)]
        shop.done(UndoMerge(member_id="ben"), MergeUndone)
        advance(shop.engine, PROGRAM, to + timedelta(days=1), cause="advance")
        assert shop.rows(asked) == [(2,)]
        assert sound(shop)
