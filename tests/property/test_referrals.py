"""Whatever people claim, join, buy, repeat and leave, in any order: a referral pays once."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stampbook.commands import Command
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.claim_referral import ClaimReferral
from stampbook.commands.complete_referral import CompleteReferral
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.remind_referrals import RemindReferrals
from stampbook.commands.update_member import UpdateMember
from stampbook.core.refusals import Refused
from stampbook.facts.referral.completed import ReferralCompleted
from stampbook.facts.referral.friend_claimed import ReferralFriendClaimed
from stampbook.facts.referral.reminded import ReferralReminded
from stampbook.nouns.reward import Limit
from tests.core.referring import ReferringShop
from tests.property.invariants import check

LIMIT = 2
PEOPLE = st.sampled_from(["ada", "ben", "cyd", "dee", "eve", "fay"])
EMAILS = st.sampled_from([f"{name}@people.example" for name in ("ada", "ben", "cyd", "dee", "eve")])
ORDERS = st.sampled_from([f"o-{number}" for number in range(12)])
CARDS = st.sampled_from([None, None, None, "card-1", "card-2"])
SUBTOTALS = st.sampled_from([5, 40])


class Referring(RuleBasedStateMachine):
    """A program of few people, so that they meet each other."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = ReferringShop(
            limit=Limit(times=LIMIT),
            minimum_subtotal=10,
            claim_days=20,
            remind_after_days=5,
            completed_by=("purchase", "booking"),
        )
        self.codes = [self.shop.code]
        self.coupons: list[str] = []

    def ask(self, command: Command) -> Any:
        result = self.shop.run(command)
        check(self.shop)
        return result

    def picked(self, data: st.DataObject, choices: list[str]) -> str | None:
        return data.draw(st.sampled_from([None, *choices]))

    @rule(email=EMAILS, data=st.data())
    def claim(self, email: str, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from(self.codes))
        result = self.ask(ClaimReferral(referral_code=code, email_address=email))
        if not isinstance(result, Refused) and result.coupon is not None:
            self.coupons.append(result.coupon.code)

    @rule(key=PEOPLE, email=EMAILS | st.none(), data=st.data())
    def enrol(self, key: str, email: str | None, data: st.DataObject) -> None:
        code = self.picked(data, self.codes)
        result = self.ask(EnrollMember(member_id=key, email_address=email, referral_code=code))
        if not isinstance(result, Refused):
            self.codes.append(result.member.referral_code)

    @rule(
        order_id=ORDERS,
        key=PEOPLE,
        subtotal=SUBTOTALS,
        email=EMAILS | st.none(),
        card=CARDS,
        data=st.data(),
    )
    def buy(
        self,
        order_id: str,
        key: str,
        subtotal: int,
        email: str | None,
        card: str | None,
        data: st.DataObject,
    ) -> None:
        command = RecordOrder(
            order_id=order_id,
            member_id=key,
            order_subtotal=subtotal,
            email_address=email,
            coupon_code=self.picked(data, self.coupons),
            referral_code=self.picked(data, self.codes),
            attributes={"payment_fingerprint": card} if card else {},
        )
        self.ask(command)

    @rule(key=PEOPLE)
    def book(self, key: str) -> None:
        self.ask(AwardPoints(member_id=key, activity_id="booking"))

    @rule(data=st.data())
    def complete_by_hand(self, data: st.DataObject) -> None:
        if self.shop.state.referrals:
            chosen = data.draw(st.sampled_from(sorted(self.shop.state.referrals)))
            self.ask(
                CompleteReferral(
                    referral_id=chosen, activity_id="booking", friend_member_id="guest"
                )
            )

    @rule()
    def remind(self) -> None:
        ids = tuple(self.shop.state.referrals)
        if ids:
            self.ask(RemindReferrals(referral_ids=ids))

    @rule(key=PEOPLE, email=EMAILS, status=st.sampled_from(["active", "active", "blocked"]))
    def change(self, key: str, email: str, status: Any) -> None:
        self.ask(UpdateMember(member_id=key, email_address=email, status=status))

    @rule(key=PEOPLE)
    def delete(self, key: str) -> None:
        self.ask(DeleteMembers(member_ids=(key,)))

    @rule(auto_enrol=st.booleans())
    def redefine(self, auto_enrol: bool) -> None:  # noqa: FBT001
        self.shop.set(auto_enrol=auto_enrol)

    @rule(days=st.integers(1, 8))
    def wait(self, days: int) -> None:
        self.shop.now += timedelta(days=days)

    # --- what always holds

    def told(self, kind: type) -> list[Any]:
        return [fact.data for fact in self.shop.everything.facts if isinstance(fact.data, kind)]

    @invariant()
    def every_referral_is_told_and_paid_once(self) -> None:
        completed = self.told(ReferralCompleted)
        assert all(times == 1 for times in Counter(one.referral.id for one in completed).values())
        orders = [one.referral.order_id for one in completed if one.referral.order_id]
        assert len(orders) == len(set(orders))
        awards = [
            one.id
            for _, one in self.shop.everything.transactions.values()
            if one.activity_id == "referral"
        ]
        paid = [reward.id for one in completed for reward in one.rewards]
        assert sorted(paid) == sorted(awards)
        per_referrer = Counter(one.member.member_id for one in completed if one.rewards)
        assert all(times <= LIMIT for times in per_referrer.values())

    @invariant()
    def every_friend_is_brought_once_and_by_somebody_else(self) -> None:
        referrals = [one for _, one in self.shop.everything.referrals.values()]
        emails = [one.friend_email.casefold() for one in referrals if one.friend_email]
        assert len(emails) == len(set(emails))
        friends = [one.friend_member_id for one in referrals if one.friend_is_enrolled]
        assert len(friends) == len(set(friends))
        assert all(one.friend_member_id != one.referrer_member_id for one in referrals)

    @invariant()
    def claims_and_reminders_are_told_once(self) -> None:
        for kind in (ReferralFriendClaimed, ReferralReminded):
            told = Counter(one.referral.id for one in self.told(kind))
            assert all(times == 1 for times in told.values())

    @invariant()
    def whoever_is_bound_is_bound_by_an_open_referral(self) -> None:
        for book in self.shop.state.books.values():
            brought = book.agenda.referred_by
            if brought is not None:
                referral = self.shop.state.referrals[brought.id]
                assert referral.status == "claimed"
                assert referral.friend_member_id == book.member.member_id

    @invariant()
    def every_coupon_is_in_one_book(self) -> None:
        kept = [code for book in self.shop.state.books.values() for code in book.coupons]
        assert len(kept) == len(set(kept))
        for book in self.shop.state.books.values():
            keys = {coupon.member_id for coupon in book.coupons.values()}
            assert keys <= {book.member.member_id}


TestReferring = Referring.TestCase
