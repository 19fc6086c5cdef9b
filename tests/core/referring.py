"""A shop whose members bring friends: Ada has the link."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from stampbook.commands.claim_referral import ClaimReferral, ReferralClaimed
from stampbook.commands.enroll_member import EnrollMember, MemberEnrolled
from stampbook.commands.record_order import OrderRecorded, RecordOrder
from stampbook.commands.update_member import UpdateMember
from stampbook.core.definition import Activity, Approval, Computation, CouponOffer, Definition
from stampbook.core.growth import Referrals
from stampbook.nouns.referral import Referral
from tests.core.shop import ADA, Shop, at, gift

ADAS_EMAIL = "ada@members.example"
BEN, BENS_EMAIL = "ben", "ben@friends.example"
THANKS = gift(computation=Computation(kind="fixed", points=50), activity_id="referral")
WELCOME = gift(computation=Computation(kind="fixed", points=20), activity_id="welcome")
BOOKING = gift(computation=Computation(kind="fixed", points=5), activity_id="booking")
TEN = CouponOffer(id="ten", name="Ten off", value=10)


class ReferringShop(Shop):
    """A program with referrals. Shapes: `settings` change those of the referrals."""

    def __init__(
        self,
        *,
        thanks: Activity = THANKS,
        auto_enrol: bool = True,
        now: str = "2026-01-10 09:00",
        **settings: Any,
    ) -> None:
        super().__init__(thanks, WELCOME, BOOKING, now=now)
        given: dict[str, Any] = {
            "is_active": True,
            "activity": "referral",
            "friend_activity": "welcome",
            "friend_coupon": "ten",
            "completed_by": ("purchase",),
        }
        referrals = Referrals(**{**given, **settings})
        self.set(coupons=(TEN,), referrals=referrals, auto_enrol=auto_enrol)
        self.tell(ADA, email_address=ADAS_EMAIL, phone_number="+49 30 555-01")

    def set(self, **fields: Any) -> None:
        """Change the program's definition."""
        definition: Definition = replace(self.state.program.definition, **fields)
        self.redefine(definition)

    def tell(self, key: str, **profile: Any) -> None:
        """Tell more of a member."""
        self.do(UpdateMember(member_id=key, **profile))

    @property
    def code(self) -> str:
        """Ada's referral code."""
        return self.member().referral_code

    def claiming(self, email: str = BENS_EMAIL, **fields: Any) -> ClaimReferral:
        given: dict[str, Any] = {"referral_code": self.code, "email_address": email}
        return ClaimReferral(**{**given, **fields})

    def claim(self, email: str = BENS_EMAIL, **fields: Any) -> ReferralClaimed:
        """Let a friend claim by Ada's link."""
        return self.do(self.claiming(email, **fields))

    def join(self, key: str = BEN, email: str | None = BENS_EMAIL, **fields: Any) -> MemberEnrolled:
        """Enrol somebody."""
        return self.do(EnrollMember(member_id=key, email_address=email, **fields))

    def buying(self, order_id: str = "o-1", key: str = BEN, **fields: Any) -> RecordOrder:
        given: dict[str, Any] = {"order_id": order_id, "member_id": key, "order_subtotal": 40}
        return RecordOrder(**{**given, **fields})

    def buy(self, order_id: str = "o-1", key: str = BEN, **fields: Any) -> OrderRecorded:
        """Record somebody's order."""
        return self.do(self.buying(order_id, key, **fields))

    def stored(self, referral: Referral) -> Referral:
        """Give a referral as it is now."""
        return self.state.referrals[referral.id]

    def paid(self, key: str = ADA) -> int:
        """What a member has."""
        return self.member(key).balances.available


def moderated(activity: Activity) -> Activity:
    return replace(activity, approval=Approval(method="manual"))


def day(text: str) -> datetime:
    return at(f"{text} 09:00")
