"""Members: they enrol once, change when something is new, and leave for good."""

from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.reject_points import RejectPoints
from stampbook.commands.update_member import UpdateMember
from stampbook.core.definition import Approval
from stampbook.nouns.lot import Approver
from stampbook.nouns.reward import Reward
from stampbook.values.ids import TransactionId
from tests.core.shop import Shop, gift

LATER = gift("later", approval=Approval(method="manual"))


def test_a_member_enrols_once() -> None:
    shop = Shop()
    assert shop.refusal(EnrollMember(member_id="ada")) == "member.exists"


def test_enrolment_may_earn() -> None:
    shop = Shop(gift("welcome", on="enrolment"))
    assert shop.facts()[:2] == ["member.enrolled", "points.earned"]
    assert shop.balances.available == 100


def test_an_order_of_a_stranger_enrols_them() -> None:
    shop = Shop()
    shop.do(
        RecordOrder(
            order_id="o-1", member_id="ben", order_subtotal=10, email_address="ben@shop.example"
        )
    )
    assert shop.facts() == ["member.enrolled", "order.recorded", "points.earned"]
    assert shop.member("ben").email_address == "ben@shop.example"


def test_an_update_says_what_changed_and_only_if_something_did() -> None:
    shop = Shop()
    command = UpdateMember(member_id="ada", first_name="Ada", tags=("vip",))
    assert shop.do(command).changed == ("first_name", "tags")
    assert shop.facts() == ["member.updated"]
    assert shop.do(command).changed == ()
    assert shop.facts() == []
    assert shop.do(UpdateMember(member_id="ada", first_name=None)).changed == ("first_name",)
    assert shop.member().tags == ("vip",)


def test_a_mere_balance_change_updates_nobody() -> None:
    shop = Shop()
    shop.award()
    assert "member.updated" not in shop.facts()


def test_a_blocked_member_neither_earns_nor_spends_and_can_be_deducted() -> None:
    shop = Shop()
    shop.award()
    shop.do(UpdateMember(member_id="ada", status="blocked"))
    earn = AwardPoints(member_id="ada", activity_id="gift")
    assert shop.refusal(earn) == "member.blocked"
    assert shop.facts() == ["points.refused"]
    assert shop.refusal(RedeemReward(member_id="ada", reward_id="mug")) == "member.blocked"
    assert shop.facts() == ["reward.refused"]
    shop.deduct(10)
    shop.do(UpdateMember(member_id="ada", status="active"))
    shop.do(earn)


def test_deleting_erases_the_person_and_keeps_the_ledger() -> None:
    shop = Shop()
    shop.do(UpdateMember(member_id="ada", first_name="Ada", email_address="ada@shop.example"))
    shop.award()
    entries = len(shop.everything.entries)
    shop.do(DeleteMembers(member_ids=("ada",)))
    (fact,) = shop.last.facts
    assert (fact.type, fact.data.member.status) == ("member.deleted", "deleted")
    assert (fact.data.member.first_name, fact.data.member.email_address) == (None, None)
    assert fact.data.member.balances.available == 100
    assert len(shop.everything.entries) == entries


def test_a_deleted_member_id_is_never_given_again() -> None:
    shop = Shop()
    shop.do(DeleteMembers(member_ids=("ada",)))
    assert shop.refusal(EnrollMember(member_id="ada")) == "member.id_retired"
    order = RecordOrder(order_id="o-1", member_id="ada", order_subtotal=10)
    assert shop.refusal(order) == "member.id_retired"
    gone = AwardPoints(member_id="ada", activity_id="gift")
    assert shop.refusal(gone) == "member.not_found"


def test_all_members_of_a_request_are_deleted_or_none() -> None:
    shop = Shop()
    assert shop.refusal(DeleteMembers(member_ids=("ada", "nobody"))) == "member.not_found"
    assert shop.member().status == "active"


def test_pending_awards_are_resolved_together_or_not_at_all() -> None:
    shop = Shop(LATER)
    first, second = shop.award(60, "later"), shop.award(40, "later")
    unknown = ApprovePoints(transaction_ids=(first.id, TransactionId("f" * 24)))
    assert shop.refusal(unknown) == "transaction.not_found"
    assert shop.balances.pending == 100
    moderator = Approver(id="7", name="Mo")
    shop.do(ApprovePoints(transaction_ids=(first.id, second.id, first.id), approver=moderator))
    assert shop.facts().count("points.earned") == 2
    assert (shop.balances.pending, shop.balances.available) == (0, 100)
    assert shop.state.transactions[first.id].approver == moderator


def test_a_pending_award_resolves_once() -> None:
    shop = Shop(LATER)
    award = shop.award(60, "later")
    shop.do(RejectPoints(transaction_ids=(award.id,)))
    assert (shop.balances.rejected, shop.balances.available) == (60, 0)
    for command in (ApprovePoints, RejectPoints):
        assert shop.refusal(command(transaction_ids=(award.id,))) == "transaction.not_pending"


def test_an_order_id_earns_once_for_ever() -> None:
    shop = Shop()
    shop.order("o-1", 10)
    shop.give_back("o-1")
    again = RecordOrder(order_id="o-1", member_id="ada", order_subtotal=10)
    assert shop.refusal(again) == "order.already_recorded"
    assert shop.facts() == ["points.refused"]


def test_a_member_who_is_deleted_lets_go_of_what_they_hold() -> None:
    last = Reward(id="mug", name="Mug", sub_type="product", points=100, stock=1)
    shop = Shop(rewards=(last,))
    shop.award()
    shop.redeem(hold=True)
    shop.do(DeleteMembers(member_ids=("ada",)))
    shop.do(EnrollMember(member_id="ben"))
    shop.award(key="ben")
    assert shop.redeem(key="ben").transaction.status == "redeemed"
