"""Referrals: who may claim, who is bound to whom, what completes a referral, and what it pays."""

from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from stampbook.commands.approve_points import ApprovePoints
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.complete_referral import CompleteReferral
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.reject_points import RejectPoints
from stampbook.commands.remind_referrals import RemindReferrals
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.share_referral_link import ShareReferralLink
from stampbook.commands.update_member import UpdateMember
from stampbook.commands.update_order import UpdateOrder
from stampbook.core.growth import Orders
from stampbook.facts.referral.completed import ReferralCompleted
from stampbook.facts.referral.friend_claimed import ReferralFriendClaimed
from stampbook.facts.referral.link_shared import ReferralLinkShared
from stampbook.facts.referral.refused import ReferralRefused
from stampbook.facts.referral.reminded import ReferralReminded
from stampbook.nouns.member import Address
from stampbook.nouns.reward import Limit
from tests.core.referring import (
    ADAS_EMAIL,
    BEN,
    BENS_EMAIL,
    THANKS,
    ReferringShop,
    day,
    moderated,
)
from tests.core.shop import ADA

T = TypeVar("T")


def last(shop: ReferringShop, kind: type[T]) -> T:
    found = [fact.data for fact in shop.last.facts if isinstance(fact.data, kind)]
    assert len(found) == 1, shop.facts()
    return found[0]


# --- claims


def test_a_claim_gives_an_unknown_friend_a_coupon_that_the_referrer_keeps() -> None:
    shop = ReferringShop()
    claimed = shop.claim()
    coupon = claimed.coupon
    assert coupon is not None
    assert (coupon.source, coupon.friend_email) == ("referral", BENS_EMAIL)
    assert (claimed.referral.status, claimed.referral.friend_coupon) == ("claimed", coupon.code)
    assert shop.facts() == ["referral.friend_claimed"]
    fact = last(shop, ReferralFriendClaimed)
    assert fact.member.member_id == ADA
    assert fact.friend.member is None
    assert fact.coupon == coupon
    assert coupon.code in shop.settled(ADA).coupons


def test_a_friend_who_is_enrolled_and_never_bought_claims_as_a_member() -> None:
    shop = ReferringShop()
    shop.join()
    claimed = shop.claim()
    fact = last(shop, ReferralFriendClaimed)
    assert fact.friend.member is not None
    assert fact.friend.member.member_id == BEN
    assert shop.facts() == ["coupon.issued", "referral.friend_claimed"]
    assert claimed.coupon is not None
    assert set(shop.settled(BEN).coupons) == {claimed.coupon.code}
    shop.buy()
    assert shop.stored(claimed.referral).status == "completed"


@pytest.mark.parametrize(
    ("email", "fields", "same"),
    [
        (ADAS_EMAIL.upper(), {}, "email_address"),
        ("ada+second@members.example", {}, "email_address"),
        (BENS_EMAIL, {"phone_number": "+493055501"}, "phone_number"),
        (
            BENS_EMAIL,
            {"address": Address(line1="5 Hill  Road", city="leeds", postal_code="LS1 4AB")},
            "address",
        ),
        (BENS_EMAIL, {"payment_fingerprint": "card-1"}, "payment_fingerprint"),
    ],
)
def test_nobody_refers_themselves(email: str, fields: dict[str, Any], same: str) -> None:
    shop = ReferringShop()
    address = Address(line1="5 Hill Road", city="Leeds", postal_code="LS14AB")
    shop.do(UpdateMember(member_id=ADA, address=address))
    shop.buy("a-1", ADA, attributes={"payment_fingerprint": "card-1"})
    assert shop.refusal(shop.claiming(email, **fields)) == "referral.own_link"
    fact = last(shop, ReferralRefused)
    assert (fact.code, fact.facts["same"]) == ("referral.own_link", same)
    assert shop.state.referrals == {}


def test_an_address_that_millions_share_makes_nobody_the_same_person() -> None:
    shop = ReferringShop()
    shop.do(UpdateMember(member_id=ADA, address=Address(country="DE", city="Berlin")))
    shop.claim(address=Address(country="DE", city="Berlin"))


def test_a_customer_is_no_new_friend() -> None:
    shop = ReferringShop()
    shop.join()
    shop.buy()
    assert shop.refusal(shop.claiming()) == "referral.friend_is_customer"
    assert shop.facts() == ["referral.refused"]


def test_a_friend_claims_once_for_ever() -> None:
    shop = ReferringShop()
    shop.claim()
    shop.join("cyd", "cyd@members.example")
    code = shop.member("cyd").referral_code
    again = shop.claiming(f" {BENS_EMAIL.upper()}".strip(), referral_code=code)
    assert shop.refusal(again) == "referral.friend_taken"
    assert last(shop, ReferralRefused).member.member_id == "cyd"


def test_throw_away_addresses_are_refused_by_setting() -> None:
    email = "x@sub.mailinator.com"
    assert ReferringShop().claim(email).referral.status == "claimed"
    shop = ReferringShop(refuse_disposable=True)
    assert shop.refusal(shop.claiming(email)) == "referral.email_disposable"
    shop.claim()


def test_a_link_brings_so_many_friends_in_a_period() -> None:
    shop = ReferringShop(claims_limit=Limit(times=2, per="day"))
    shop.claim("a@friends.example")
    shop.claim("b@friends.example")
    assert shop.refusal(shop.claiming("c@friends.example")) == "referral.claims_limit_reached"
    shop.travel("2026-01-11 09:00")
    shop.claim("c@friends.example")


def test_an_unknown_code_a_blocked_referrer_and_a_program_without_referrals_refuse() -> None:
    shop = ReferringShop()
    assert shop.refusal(shop.claiming(referral_code="nobody")) == "referral.code_unknown"
    command = shop.claiming()
    shop.do(UpdateMember(member_id=ADA, status="blocked"))
    assert shop.refusal(command) == "member.blocked"
    shop = ReferringShop(is_active=False)
    assert shop.refusal(shop.claiming()) == "referral.inactive"


# --- attribution


def test_enrolment_with_the_claimed_address_hands_the_coupon_over() -> None:
    shop = ReferringShop()
    claimed = shop.claim()
    joined = shop.join(email=BENS_EMAIL.upper())
    assert joined.referral == shop.stored(claimed.referral)
    assert shop.facts() == ["member.enrolled", "coupon.issued"]
    code = claimed.referral.friend_coupon
    assert set(shop.settled(BEN).coupons) == {code}
    assert code not in shop.settled(ADA).coupons
    assert shop.settled(BEN).coupons[code or ""].friend_email is None


def test_a_code_at_enrolment_binds_and_gives_the_coupon() -> None:
    shop = ReferringShop()
    joined = shop.join(referral_code=shop.code)
    assert joined.referral is not None
    assert (joined.referral.mode, joined.referral.friend_member_id) == ("code", BEN)
    assert list(shop.settled(BEN).coupons) == [joined.referral.friend_coupon]
    shop.buy()
    assert shop.paid() == 50


def test_a_bad_code_enrols_all_the_same_and_says_so() -> None:
    shop = ReferringShop()
    joined = shop.join(referral_code="nobody")
    assert joined.referral_refused is not None
    assert joined.referral_refused.code == "referral.code_unknown"
    own = shop.join("twin", ADAS_EMAIL, referral_code=shop.code)
    assert own.referral_refused is not None
    assert own.referral_refused.code == "referral.own_link"
    assert shop.facts() == ["member.enrolled", "referral.refused"]
    shop.buy(key="twin")
    assert shop.paid() == 0


def test_a_claim_that_turns_out_to_be_ones_own_is_closed() -> None:
    shop = ReferringShop()
    claimed = shop.claim()
    shop.join(phone_number="+49 (30) 55501")
    assert shop.stored(claimed.referral).status == "refused"
    assert shop.stored(claimed.referral).refusal == "referral.own_link"
    shop.buy()
    assert shop.paid() == 0


def test_the_claim_comes_before_a_code() -> None:
    shop = ReferringShop()
    claimed = shop.claim()
    shop.join("cyd", "cyd@members.example")
    joined = shop.join(referral_code=shop.member("cyd").referral_code)
    assert joined.referral is not None
    assert joined.referral.id == claimed.referral.id


def test_the_coupon_brings_a_friend_who_uses_another_address() -> None:
    shop = ReferringShop()
    claimed = shop.claim()
    bought = shop.buy(email_address="ben@work.example", coupon_code=claimed.referral.friend_coupon)
    assert bought.referral is not None
    assert (bought.referral.id, bought.referral.mode) == (claimed.referral.id, "coupon")
    assert bought.coupon is not None
    assert (bought.coupon.status, bought.coupon.member_id) == ("used", BEN)
    assert bought.referral.status == "completed"
    assert shop.paid() == 50


def test_the_first_order_of_a_member_may_name_a_code_and_later_ones_may_not() -> None:
    shop = ReferringShop()
    shop.join()
    first = shop.buy("o-1", referral_code=shop.code)
    assert first.referral is not None
    assert first.referral.status == "completed"
    shop.join("cyd", "cyd@members.example")
    shop.buy("c-1", "cyd")
    assert shop.buy("c-2", "cyd", referral_code=shop.code).referral is None
    assert shop.paid() == 50


def test_an_order_that_enrols_its_customer_completes_their_claim() -> None:
    shop = ReferringShop()
    shop.claim()
    bought = shop.buy(email_address=BENS_EMAIL)
    assert bought.referral is not None
    assert bought.referral.status == "completed"
    assert shop.facts().count("referral.completed") == 1


# --- completion


def test_the_first_order_completes_and_rewards_both() -> None:
    shop = ReferringShop(thanks=replace(THANKS, coupon="ten"))
    claimed = shop.claim()
    shop.join()
    shop.buy()
    fact = last(shop, ReferralCompleted)
    assert fact.member.member_id == ADA
    assert fact.member.balances.available == 50
    assert fact.friend.member is not None
    assert fact.friend.member.number_of_purchases == 1
    assert fact.friend.member.balances.available == 40 + 20
    assert [reward.kind for reward in fact.rewards] == ["award", "coupon_award"]
    assert fact.order_attributes is not None
    assert fact.order_attributes["order_id"] == "o-1"
    assert fact.referrer_coupon is not None
    assert fact.referral == shop.stored(claimed.referral)
    assert (fact.referral.referrer_award, fact.referral.referrer_coupon) == (
        fact.rewards[0].id,
        fact.rewards[1].coupon_code,
    )
    shop.buy("o-2")
    assert "referral.completed" not in shop.facts()
    assert (shop.paid(), shop.paid(BEN)) == (50, 100)


def test_small_orders_wait_for_a_larger_one() -> None:
    shop = ReferringShop(minimum_subtotal=30)
    shop.claim()
    shop.join()
    shop.buy("o-1", order_subtotal=29.99)
    assert shop.paid() == 0
    shop.buy("o-2", order_subtotal=30)
    assert shop.paid() == 50


def test_an_order_that_earns_nothing_is_a_purchase_all_the_same() -> None:
    shop = ReferringShop()
    shop.claim()
    shop.join()
    shop.buy(order_subtotal=0)
    assert shop.paid() == 50


def test_other_activities_complete_where_the_program_says_so() -> None:
    shop = ReferringShop(completed_by=("booking",))
    shop.claim()
    shop.join()
    shop.buy()
    assert shop.paid() == 0
    shop.do(AwardPoints(member_id=BEN, activity_id="booking"))
    fact = last(shop, ReferralCompleted)
    assert (fact.activity_id, fact.order_attributes) == ("booking", None)


def test_a_claim_has_its_days() -> None:
    shop = ReferringShop(claim_days=10)
    claimed = shop.claim()
    shop.join()
    shop.travel("2026-01-20 09:00")
    shop.buy()
    assert shop.stored(claimed.referral).refusal == "referral.claim_expired"
    assert last(shop, ReferralRefused).code == "referral.claim_expired"
    shop.buy("o-2")
    assert "referral.refused" not in shop.facts()
    assert shop.paid() == 0


def test_the_last_moment_of_a_claim_counts() -> None:
    shop = ReferringShop(claim_days=10)
    shop.claim()
    shop.join()
    shop.travel("2026-01-20 08:59")
    shop.buy()
    assert shop.paid() == 50


def test_paying_with_the_referrers_card_is_refused_at_the_order() -> None:
    shop = ReferringShop()
    shop.buy("a-1", ADA, attributes={"payment_fingerprint": "card-1"})
    before = shop.paid()
    claimed = shop.claim()
    shop.join()
    shop.buy(attributes={"payment_fingerprint": "card-1"})
    assert shop.stored(claimed.referral).refusal == "referral.own_link"
    assert shop.paid() == before


def test_over_the_limit_a_referral_is_completed_and_not_paid() -> None:
    shop = ReferringShop(limit=Limit(times=1))
    shop.claim("a@friends.example")
    second = shop.claim("b@friends.example")
    shop.buy("o-1", "a", email_address="a@friends.example")
    shop.buy("o-2", "b", email_address="b@friends.example")
    assert shop.stored(second.referral).status == "completed"
    assert last(shop, ReferralCompleted).rewards == ()
    assert last(shop, ReferralRefused).code == "referral.limit_reached"
    assert (shop.paid(), shop.paid("b")) == (50, 60)


def test_moderation_holds_the_reward_and_may_void_it() -> None:
    thanks = moderated(replace(THANKS, coupon="ten"))
    for approves in (True, False):
        shop = ReferringShop(thanks=thanks)
        shop.claim()
        shop.join()
        shop.buy()
        rewards = last(shop, ReferralCompleted).rewards
        assert {reward.status for reward in rewards} == {"pending"}
        assert shop.paid() == 0
        ids = tuple(reward.id for reward in rewards)
        command = ApprovePoints if approves else RejectPoints
        shop.do(command(transaction_ids=ids))
        assert shop.paid() == (50 if approves else 0)
        status = {coupon.status for coupon in shop.settled(ADA).coupons.values()}
        assert status == ({"issued"} if approves else set())


def test_a_blocked_referrer_is_not_paid() -> None:
    shop = ReferringShop()
    shop.claim()
    shop.join()
    shop.do(UpdateMember(member_id=ADA, status="blocked"))
    shop.buy()
    assert last(shop, ReferralCompleted).rewards == ()
    assert last(shop, ReferralRefused).code == "member.blocked"


def test_a_deleted_referrer_is_not_paid_and_the_friend_buys_on() -> None:
    shop = ReferringShop()
    shop.claim()
    shop.join()
    shop.do(DeleteMembers(member_ids=(ADA,)))
    bought = shop.buy()
    assert bought.transaction is not None
    assert "referral.completed" not in shop.facts()


def test_a_friend_who_claimed_is_nobodys_once_the_referrer_is_deleted() -> None:
    shop = ReferringShop(auto_enrol=False)
    shop.claim()
    shop.do(DeleteMembers(member_ids=(ADA,)))
    code = shop.refusal(shop.buying(email_address=BENS_EMAIL))
    assert code == "program.auto_enrol_off"
    assert shop.join().referral is None


def test_what_fell_due_for_the_referrer_comes_first() -> None:
    shop = ReferringShop(limit=Limit(times=5))
    claimed = shop.claim()
    offer = replace(shop.state.program.definition.coupons[0], days=3)
    shop.set(coupons=(offer,))
    second = shop.claim("c@friends.example")
    shop.travel("2026-02-10 09:00")
    shop.join("cyd", "c@friends.example")
    assert shop.settled("cyd").coupons == {}
    assert shop.state.coupons[second.referral.friend_coupon or ""].status == "expired"
    assert shop.stored(claimed.referral).status == "claimed"


# --- guests


def test_a_guest_completes_by_the_claimed_address() -> None:
    shop = ReferringShop(auto_enrol=False)
    claimed = shop.claim()
    bought = shop.buy("g-1", "guest-7", email_address=BENS_EMAIL)
    assert bought.member is None
    assert (bought.transaction, bought.order.is_guest) == (None, True)
    fact = last(shop, ReferralCompleted)
    friend = fact.friend
    assert (friend.email_address, friend.member_id, friend.member) == (
        BENS_EMAIL,
        "guest-7",
        None,
    )
    assert shop.stored(claimed.referral).order_id == "g-1"
    assert shop.paid() == 50
    assert shop.refusal(shop.buying("g-1", "guest-7", email_address=BENS_EMAIL)) == (
        "order.already_recorded"
    )
    assert shop.refusal(shop.buying("g-2", "guest-7", email_address=BENS_EMAIL)) == (
        "program.auto_enrol_off"
    )
    assert shop.paid() == 50


def test_a_guest_completes_by_the_coupon_and_uses_it() -> None:
    shop = ReferringShop(auto_enrol=False)
    claimed = shop.claim()
    code = claimed.referral.friend_coupon or ""
    shop.buy("g-1", "guest-7", coupon_code=code)
    assert shop.state.coupons[code].status == "used"
    assert shop.stored(claimed.referral).status == "completed"


def test_a_guests_order_never_becomes_a_members() -> None:
    shop = ReferringShop(auto_enrol=False)
    shop.claim()
    shop.buy("g-1", BEN, email_address=BENS_EMAIL)
    shop.join()
    shop.set(auto_enrol=True)
    assert shop.refusal(shop.buying("g-1")) == "order.already_recorded"
    assert shop.refusal(ReturnOrder(order_id="g-1")) == "order.not_found"


def test_a_guest_who_is_the_referrer_is_refused() -> None:
    shop = ReferringShop(auto_enrol=False)
    shop.buy("a-1", ADA, attributes={"payment_fingerprint": "card-1"})
    shop.claim()
    command = shop.buying(
        "g-1", "guest-7", email_address=BENS_EMAIL, attributes={"payment_fingerprint": "card-1"}
    )
    assert shop.refusal(command) == "referral.own_link"
    assert shop.facts() == ["referral.refused"]


def test_a_guest_of_a_blocked_referrer_is_told_nothing_of_them() -> None:
    shop = ReferringShop(auto_enrol=False)
    claimed = shop.claim()
    shop.do(UpdateMember(member_id=ADA, status="blocked"))
    order = shop.buying("g-1", "guest-7", email_address=BENS_EMAIL)
    assert shop.refusal(order) == "program.auto_enrol_off"
    shop.do(UpdateMember(member_id=ADA, status="active"))
    shop.do(order)
    assert shop.stored(claimed.referral).status == "completed"


def test_a_guest_completes_by_hand_what_is_no_order() -> None:
    shop = ReferringShop(completed_by=("purchase", "booking"))
    claimed = shop.claim()
    ask = CompleteReferral(
        referral_id=claimed.referral.id, activity_id="booking", friend_member_id="guest-7"
    )
    assert shop.refusal(replace(ask, activity_id="purchase")) == (
        "referral.activity_does_not_count"
    )
    assert shop.refusal(replace(ask, activity_id="gift")) == "referral.activity_does_not_count"
    shop.do(ask)
    fact = last(shop, ReferralCompleted)
    assert (fact.friend.member_id, fact.order_attributes) == ("guest-7", None)
    assert shop.refusal(ask) == "referral.not_open"
    assert shop.refusal(replace(ask, referral_id="f" * 24)) == "referral.not_found"
    other = shop.claim("cyd@friends.example")
    shop.join("cyd", "cyd@friends.example")
    assert shop.refusal(replace(ask, referral_id=other.referral.id)) == ("referral.friend_enrolled")


def test_a_member_by_another_address_is_no_guest_by_hand() -> None:
    shop = ReferringShop(completed_by=("purchase", "booking"))
    shop.join(BEN, email=None)
    claimed = shop.claim()
    ask = CompleteReferral(
        referral_id=claimed.referral.id, activity_id="booking", friend_member_id=BEN
    )
    assert shop.refusal(ask) == "referral.friend_enrolled"
    assert shop.stored(claimed.referral).status == "claimed"


# --- shares and reminders


def test_a_share_lists_each_friend_once() -> None:
    shop = ReferringShop()
    emails = ("b@x.example", "a@x.example", "B@x.example")
    shared = shop.do(ShareReferralLink(member_id=ADA, channel="email", friend_emails=emails))
    assert shared.friend_emails == ("b@x.example", "a@x.example")
    assert last(shop, ReferralLinkShared).friend_emails == shared.friend_emails
    shop.do(ShareReferralLink(member_id=ADA, channel="facebook"))
    assert last(shop, ReferralLinkShared).friend_emails == ()


@pytest.mark.parametrize(("channel", "emails"), [("email", ()), ("facebook", ("a@x.example",))])
def test_only_a_share_by_email_names_friends(channel: str, emails: tuple[str, ...]) -> None:
    shop = ReferringShop()
    share = ShareReferralLink(member_id=ADA, channel=channel, friend_emails=emails)
    assert shop.refusal(share) == "referral.channel_needs_friends"


def test_a_friend_is_reminded_of_once_and_not_too_early() -> None:
    shop = ReferringShop(remind_after_days=3)
    claimed = shop.claim()
    remind = RemindReferrals(referral_ids=(claimed.referral.id,))
    assert shop.do(remind).reminded == 0
    shop.travel("2026-01-13 09:00")
    assert shop.do(remind).reminded == 1
    fact = last(shop, ReferralReminded)
    assert fact.coupon == claimed.coupon
    assert (fact.referral.reminders, fact.referral.reminded_at) == (1, day("2026-01-13"))
    assert shop.do(remind).reminded == 0


def test_who_has_bought_or_comes_too_late_is_not_reminded_of() -> None:
    shop = ReferringShop(remind_after_days=3, claim_days=2)
    late = shop.claim("late@friends.example")
    claimed = shop.claim()
    shop.join()
    shop.buy()
    shop.travel("2026-01-14 09:00")
    ids = (late.referral.id, claimed.referral.id)
    assert shop.do(RemindReferrals(referral_ids=ids, friends=(BEN,))).reminded == 0
    assert all(shop.state.referrals[one].remind_at is None for one in ids)


# --- found by random walks


def test_the_own_code_on_an_order_of_a_member_without_an_address_counts_for_nothing() -> None:
    shop = ReferringShop()
    shop.do(UpdateMember(member_id=ADA, email_address=None))
    bought = shop.buy("a-1", ADA, referral_code=shop.code)
    assert bought.referral is None
    assert last(shop, ReferralRefused).facts["same"] == "member_id"
    assert shop.paid() == 40


def test_who_was_referred_once_is_not_referred_again_by_a_first_order() -> None:
    shop = ReferringShop(completed_by=("purchase", "booking"))
    other = shop.claim("cyd@friends.example")
    shop.join(email=None, referral_code=shop.code)
    shop.do(AwardPoints(member_id=BEN, activity_id="booking"))
    assert shop.paid() == 50
    bought = shop.buy(coupon_code=other.referral.friend_coupon, referral_code=shop.code)
    assert bought.referral is None
    assert shop.paid() == 50


def test_a_guests_order_that_does_not_count_yet_is_sent_again_when_it_does() -> None:
    shop = ReferringShop(auto_enrol=False)
    shop.set(orders=Orders(earn_when=("paid",)))
    claimed = shop.claim()
    order = shop.buying("g-1", "guest-7", email_address=BENS_EMAIL, financial_status="pending")
    assert shop.refusal(order) == "program.auto_enrol_off"
    shop.do(replace(order, financial_status="paid"))
    assert shop.stored(claimed.referral).order_id == "g-1"


def test_a_members_order_completes_when_it_counts() -> None:
    shop = ReferringShop()
    shop.set(orders=Orders(earn_when=("paid",)))
    claimed = shop.claim()
    shop.join()
    shop.buy("o-1", financial_status="pending")
    assert shop.stored(claimed.referral).status == "claimed"
    shop.do(UpdateOrder(order_id="o-1", financial_status="paid"))
    assert shop.stored(claimed.referral).order_id == "o-1"
    assert shop.paid() == 50


def test_a_guest_under_the_coupons_minimum_completes_and_keeps_the_coupon() -> None:
    shop = ReferringShop(auto_enrol=False)
    offer = replace(shop.state.program.definition.coupons[0], minimum_order_amount=50)
    shop.set(coupons=(offer,))
    claimed = shop.claim()
    code = claimed.referral.friend_coupon or ""
    bought = shop.buy("g-1", "guest-7", coupon_code=code)
    assert bought.order.coupon_id is None
    assert shop.state.coupons[code].status == "issued"
    assert shop.stored(claimed.referral).status == "completed"


def test_the_first_order_of_a_member_may_name_the_address_that_claimed() -> None:
    shop = ReferringShop()
    claimed = shop.claim()
    shop.join(email=None)
    assert shop.stored(claimed.referral).friend_member_id is None
    bought = shop.buy(email_address=BENS_EMAIL)
    assert bought.referral is not None
    assert (bought.referral.id, bought.referral.mode) == (claimed.referral.id, "link")
    assert shop.paid() == 50


def test_an_address_on_an_order_of_the_referrers_own_is_no_friends() -> None:
    shop = ReferringShop()
    claimed = shop.claim()
    shop.buy("a-1", ADA, email_address=BENS_EMAIL)
    assert shop.stored(claimed.referral).refusal == "referral.own_link"
    assert shop.paid() == 40
