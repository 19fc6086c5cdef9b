"""An incomplete referral is reminded of at its own instant, once, whichever clock comes first."""

from datetime import timedelta

from msgspec.structs import replace

from stampbook.clockwork.sweep import sweep
from stampbook.commands.claim_referral import ClaimReferral, ReferralClaimed
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember, MemberEnrolled
from stampbook.commands.record_order import RecordOrder
from stampbook.core.definition import CouponOffer
from stampbook.core.growth import Referrals
from stampbook.engine.submission import Done
from stampbook.values.instants import to_ms
from tests.clockwork.stage import DAY, START, moved, sound
from tests.engine.shop import DEFINITION, PROGRAM, START_MS, Shop, opened

REMINDING = replace(
    DEFINITION,
    coupons=(CouponOffer(id="ten", name="Ten off", value=10),),
    referrals=Referrals(
        is_active=True,
        activity="visit",
        friend_coupon="ten",
        completed_by=("buy",),
        remind_after_days=4,
    ),
)
TOLD = "SELECT occurred_at_ms FROM fact WHERE type = 'referral.reminded' ORDER BY position"


def claims(shop: Shop, friends: int) -> None:
    code = shop.done(EnrollMember(member_id="ann"), MemberEnrolled).member.referral_code
    for number in range(friends):
        claim = ClaimReferral(referral_code=code, email_address=f"friend-{number}@friends.example")
        shop.done(claim, ReferralClaimed)


def test_a_test_clock_reminds_at_the_instant(database_url: str) -> None:
    with opened(database_url, definition=REMINDING, test_clock_ms=START_MS) as shop:
        claims(shop, 3)
        order = RecordOrder(
            order_id="o-1",
            member_id="friend",
            order_subtotal=5,
            email_address="friend-1@friends.example",
        )
        assert isinstance(shop.do(order), Done)
        moved(shop, START + 4 * DAY - timedelta(milliseconds=1))
        assert shop.rows(TOLD) == []
        moved(shop, START + 30 * DAY)
        assert shop.rows(TOLD) == [(to_ms(START + 4 * DAY),)] * 2
        moved(shop, START + 60 * DAY)
        assert len(shop.rows(TOLD)) == 2
        assert sound(shop)


def test_real_time_reminds_once_and_of_nobody_whose_referrer_left(database_url: str) -> None:
    with opened(database_url, definition=REMINDING) as shop:
        claims(shop, 2)
        shop.clock.at_ms += to_ms(START + 5 * DAY) - START_MS
        for _ in range(2):
            assert sweep(shop.engine, PROGRAM, START + 5 * DAY, cause="tick").finished
        assert len(shop.rows(TOLD)) == 2
        code = shop.done(EnrollMember(member_id="bob"), MemberEnrolled).member.referral_code
        claim = ClaimReferral(referral_code=code, email_address="late@friends.example")
        shop.done(claim, ReferralClaimed)
        assert isinstance(shop.do(DeleteMembers(member_ids=("bob",))), Done)
        shop.clock.at_ms += to_ms(START + 5 * DAY) - START_MS
        assert sweep(shop.engine, PROGRAM, START + 10 * DAY, cause="tick").finished
        assert len(shop.rows(TOLD)) == 2
        assert sound(shop)
