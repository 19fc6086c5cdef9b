"""Examples: one small story of a coffee shop, told by the records that every fact's example uses.

Made-up people and places; test events, golden files and the reference show them.
"""

from datetime import UTC, date, datetime
from typing import Any

from msgspec.structs import replace

from stampbook.nouns.activity import Activity, CatalogueActivity, Computation, Condition, Rule
from stampbook.nouns.business import Business
from stampbook.nouns.campaign import Audience, Campaign, CampaignStep, Promotion
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.endpoint import EndpointHealth, HealthName
from stampbook.nouns.lot import Approver, Lot, LotShare
from stampbook.nouns.member import Address, Balances, Member, TierStanding
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Friend, Referral
from stampbook.nouns.review import Review
from stampbook.nouns.reward import CatalogueReward, Limit, PointsEligibility, Reward
from stampbook.nouns.transaction import Transaction
from stampbook.nouns.winback import WinbackOffer
from stampbook.values.ids import (
    CouponId,
    EndpointId,
    LotId,
    MemberId,
    OrderId,
    ProgramId,
    ReferralId,
    ReviewId,
    TransactionId,
)
from stampbook.values.instants import Instant


def _at(month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> Instant:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


EXAMPLE_NOW = _at(5, 4, 9, 30, 15)
"""When the examples happen."""

EXAMPLE_BUSINESS = Business(
    program_id=ProgramId("coffee"),
    name="Coffee Corner",
    website="https://coffee.example",
    coin_name="beans",
    currency="EUR",
)

EXAMPLE_MEMBER = Member(
    id=MemberId("019df2a1c0de4a0000000001"),
    member_id="customer-4711",
    first_name="Maren",
    last_name="Holt",
    email_address="maren.holt@example.com",
    phone_number="+49 30 5550147",
    address=Address(
        line1="Lindenweg 12",
        line2="2. OG",
        city="Potsdam",
        state="BB",
        postal_code="14467",
        country="DE",
    ),
    tags=("newsletter", "espresso"),
    birthdate=date(1991, 3, 14),
    preferred_language="de",
    instagram_handle="maren.brews",
    custom_attributes={"favourite_roast": "Sidamo", "machines": 2},
    referral_code="MAREN7Q",
    referral_url="https://coffee.example/r/MAREN7Q",
    enrolled_at=_at(2, 1, 8, 12, 40),
    modified_at=EXAMPLE_NOW,
    number_of_purchases=3,
    number_of_redemptions=1,
    first_purchase_at=_at(2, 3, 17, 5, 9),
    last_purchase_at=EXAMPLE_NOW,
    last_activity_at=EXAMPLE_NOW,
    revenue=186.4,
    aov=62.13,
    balances=Balances(
        issued=400, available=210, pending=45, redeemed=100, deducted=20, expired=25, earned=355
    ),
    tier=TierStanding(
        tier_id="barista",
        name="Barista",
        period_start=_at(1, 1),
        period_end=datetime(2027, 1, 1, tzinfo=UTC),
        qualified_points=355,
        qualified_spend=18640,
    ),
)

EXAMPLE_NEWCOMER = Member(
    id=MemberId("019df2a1c0de4a0000000002"),
    member_id="customer-4712",
    email_address="jo@example.org",
    referral_code="JO3KX9",
    referral_url="https://coffee.example/r/JO3KX9",
    enrolled_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
    last_activity_at=EXAMPLE_NOW,
)
"""Only what an enrolment must know."""

EXAMPLE_DELETED = replace(
    EXAMPLE_NEWCOMER, email_address=None, status="deleted", deleted_at=EXAMPLE_NOW
)
"""What a deletion leaves: no person can be found in it."""

EXAMPLE_AWARD = Transaction(
    id=TransactionId("019df2a1c0de4a0000000011"),
    member_id=EXAMPLE_MEMBER.member_id,
    kind="award",
    status="approved",
    points=62,
    created_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
    approved_at=EXAMPLE_NOW,
    attributes={
        "order_id": "C-2026-0093",
        "order_subtotal": "62.40",
        "order_total": 67.3,
        "currency": "EUR",
        "tags": ["web"],
        "products": [
            {"product_id": "beans-1kg", "product_price": "31.20", "product_quantity": 2},
        ],
    },
    activity_id="made_a_purchase",
    activity_name="Buy something",
    order_id="C-2026-0093",
    lot_id=LotId("019df2a1c0de4a0000000021"),
    expires_at=datetime(2027, 5, 4, 9, 30, 15, tzinfo=UTC),
    rule_version=3,
    qualifies=True,
    inputs={"tier": "barista"},
)

EXAMPLE_PENDING = replace(
    EXAMPLE_AWARD,
    id=TransactionId("019df2a1c0de4a0000000012"),
    status="pending",
    points=45,
    approved_at=None,
    attributes={"reason": "Receipt from the market stall", "tags": []},
    additional_data={"receipt_uid": "stall-000381"},
    activity_id="submit_a_receipt",
    activity_name="Hand in a receipt",
    order_id=None,
    lot_id=None,
    expires_at=None,
    auto_approval_at=_at(5, 18, 9, 30, 15),
)
"""An award that waits for a moderator or for its date."""

EXAMPLE_REJECTED = replace(
    EXAMPLE_PENDING, status="rejected", approver=Approver(id="m-2", name="Iris Vogel")
)

EXAMPLE_REDEMPTION = Transaction(
    id=TransactionId("019df2a1c0de4a0000000013"),
    member_id=EXAMPLE_MEMBER.member_id,
    kind="redeem",
    status="redeemed",
    points=100,
    created_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
    approved_at=EXAMPLE_NOW,
    attributes={"reason": "Checkout", "tags": ["till-2"]},
    reward_id="five-euro",
    reward_name="5 € off",
    reward_link="https://coffee.example/rewards",
    coupon_code="CUP-7GQ2-MB4X",
    rule_version=3,
    paid=(LotShare(LotId("019df2a1c0de4a0000000022"), 100),),
)

EXAMPLE_DEDUCTION = Transaction(
    id=TransactionId("019df2a1c0de4a0000000014"),
    member_id=EXAMPLE_MEMBER.member_id,
    kind="deduct",
    status="deducted",
    points=20,
    created_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
    approved_at=EXAMPLE_NOW,
    attributes={"reason": "One bag came back", "order_id": "C-2026-0071", "tags": []},
    order_id="C-2026-0071",
    rule_version=3,
    paid=(LotShare(LotId("019df2a1c0de4a0000000022"), 20),),
)

EXAMPLE_LOT = Lot(
    id=LotId("019df2a1c0de4a0000000023"),
    member_id=EXAMPLE_MEMBER.member_id,
    transaction_id=TransactionId("019df2a1c0de4a0000000015"),
    activity_id="sign_up",
    points=25,
    remaining=0,
    opened_at=_at(2, 1, 8, 12, 40),
    expires_at=EXAMPLE_NOW,
    awarded_at=_at(2, 1, 8, 12, 40),
)
"""A lot whose remaining points have just expired."""

EXAMPLE_ORDER = Order(
    id=OrderId("019df2a1c0de4a0000000091"),
    order_id="C-2026-0093",
    member_id=EXAMPLE_MEMBER.member_id,
    created_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
    currency="EUR",
    total=67.3,
    subtotal=62.4,
    status="open",
    financial_status="paid",
    delivery_status="waiting",
    attributes=EXAMPLE_AWARD.attributes,
    award_id=EXAMPLE_AWARD.id,
    name="#93",
    source="shop",
    cart_token="cart-7f31",  # noqa: S106 - names a cart and opens nothing
    discount=5,
    tax=10.75,
    payment_source="card",
    payment_medium="online",
    utm_source="newsletter",
    driven_by="reward",
    coins_spent=100,
    coins_rewarded=62,
    link="https://coffee.example/orders/C-2026-0093",
)

EXAMPLE_COUPON = Coupon(
    id=CouponId("019df2a1c0de4a0000000031"),
    code="CUP-7GQ2-MB4X",
    member_id=EXAMPLE_MEMBER.member_id,
    status="issued",
    source="redemption",
    reward_id="five-euro",
    reward_name="5 € off",
    transaction_id=EXAMPLE_REDEMPTION.id,
    value_class="amount",
    value=5,
    minimum_order_amount=20,
    issued_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
    expires_at=_at(6, 3, 9, 30, 15),
)

EXAMPLE_CATALOGUE_REWARD = CatalogueReward(
    id="019df2a1c0de4a0000000041",
    reward=Reward(
        id="five-euro",
        name="5 € off",
        sub_type="fixed_amount",
        points=100,
        value=5,
        minimum_order_amount=20,
        eligibility=PointsEligibility(operator="greater_than", points=50),
        coupon_days=30,
        limit=Limit(times=2, per="month"),
        description="Five euro off the next order",
        metadata={"shelf": "till"},
    ),
    created_at=_at(1, 15, 10),
    modified_at=_at(4, 2, 16, 20),
)
"""A reward for members who have earned enough points."""

EXAMPLE_TIER_REWARD = CatalogueReward(
    id="019df2a1c0de4a0000000042",
    reward=Reward(
        id="hand-grinder",
        name="Hand grinder",
        sub_type="product",
        points=900,
        product_id="grinder-s",
        product_url="https://coffee.example/p/grinder-s",
        tiers=("barista", "roaster"),
        description="A steel hand grinder",
    ),
    created_at=_at(1, 15, 10),
    modified_at=_at(1, 15, 10),
)
"""A product for members of certain tiers."""

EXAMPLE_FRIEND_COUPON = Coupon(
    id=CouponId("019df2a1c0de4a0000000032"),
    code="HELLO-9TKW-3ZRA",
    member_id=EXAMPLE_MEMBER.member_id,
    status="issued",
    source="referral",
    name="First bag 15 % off",
    offer_id="first-bag",
    friend_email="jo@example.org",
    value_class="percent",
    value=15,
    link="https://coffee.example/cart?code=HELLO-9TKW-3ZRA",
    issued_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
)
"""What a friend gets for claiming."""

EXAMPLE_CLAIM = Referral(
    id=ReferralId("019df2a1c0de4a0000000051"),
    status="claimed",
    mode="link",
    referrer_member_id=EXAMPLE_MEMBER.member_id,
    referral_code=EXAMPLE_MEMBER.referral_code,
    friend_email="jo@example.org",
    claimed_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
    friend_coupon=EXAMPLE_FRIEND_COUPON.code,
    remind_at=_at(5, 18, 9, 30, 15),
)
"""A friend who came by a member's link and has not bought yet."""

EXAMPLE_FRIEND = Friend(
    email_address="jo@example.org",
    member_id=EXAMPLE_NEWCOMER.member_id,
    member=replace(EXAMPLE_NEWCOMER, number_of_purchases=1),
)

EXAMPLE_GUEST = Friend(email_address="jo@example.org", member_id="guest-880")
"""A friend who bought without joining."""

EXAMPLE_REFERRAL_AWARD = replace(
    EXAMPLE_AWARD,
    id=TransactionId("019df2a1c0de4a0000000016"),
    points=150,
    attributes={"reason": "Brought a friend", "tags": []},
    activity_id="referral",
    activity_name="Bring a friend",
    order_id=None,
    lot_id=LotId("019df2a1c0de4a0000000024"),
)

EXAMPLE_COUPON_AWARD = replace(
    EXAMPLE_REFERRAL_AWARD,
    id=TransactionId("019df2a1c0de4a0000000017"),
    kind="coupon_award",
    points=0,
    coupon_code="CUP-4HWD-P2KT",
    lot_id=None,
    expires_at=None,
    qualifies=False,
)
"""A coupon in place of points."""

EXAMPLE_REFERRER_COUPON = Coupon(
    id=CouponId("019df2a1c0de4a0000000033"),
    code="CUP-4HWD-P2KT",
    member_id=EXAMPLE_MEMBER.member_id,
    status="issued",
    source="referral",
    name="A free espresso",
    offer_id="free-espresso",
    activity_id="referral",
    transaction_id=EXAMPLE_COUPON_AWARD.id,
    value_class="amount",
    value=3.2,
    issued_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
    expires_at=_at(6, 3, 9, 30, 15),
)
"""What the referrer gets beside points."""

EXAMPLE_REFERRAL = replace(
    EXAMPLE_CLAIM,
    status="completed",
    completed_at=EXAMPLE_NOW,
    friend_member_id=EXAMPLE_NEWCOMER.member_id,
    friend_is_enrolled=True,
    referrer_award=EXAMPLE_REFERRAL_AWARD.id,
    referrer_coupon=EXAMPLE_COUPON_AWARD.coupon_code,
    activity_id="made_a_purchase",
    order_id="C-2026-0093",
    order=EXAMPLE_ORDER.id,
    remind_at=None,
    version=2,
)

EXAMPLE_ACTIVITY = CatalogueActivity(
    id="019df2a1c0de4a0000000061",
    activity=Activity(
        id="made_a_purchase",
        name="Buy something",
        on="order",
        computation=Computation(kind="multiplier_based", multiplier=1),
        rules=(
            Rule(
                name="Beans count twice",
                effect="multiply",
                value=2,
                conditions=(
                    Condition(
                        attribute="products.product_category",
                        operator="contains_any",
                        value=["beans"],
                    ),
                ),
            ),
        ),
        description="A point for each euro",
        metadata={"shelf": "beans"},
    ),
    created_at=_at(1, 15, 10),
    modified_at=_at(3, 1, 9),
)

EXAMPLE_OFFER = WinbackOffer(
    id="019df2a1c0de4a0000000062",
    activity=EXAMPLE_ACTIVITY,
    bonus_activity="welcome_back",
    bonus_points=80,
    offered_at=EXAMPLE_NOW,
    valid_till=_at(5, 25, 9, 30, 15),
)

EXAMPLE_CAMPAIGN = CampaignStep(
    id="019df2a1c0de4a0000000071",
    promotion_id="019df2a1c0de4a0000000072",
    campaign=Campaign(
        id="espresso-spring",
        name="Espresso spring",
        entry=Audience(
            conditions=(
                Condition(attribute="member.tags", operator="contains_any", value=["espresso"]),
            )
        ),
        entry_delay_days=1,
        promotion=Promotion(kind="bonus_points", activity="spring_bonus", points=30),
    ),
)

EXAMPLE_REVIEW = Review(
    id=ReviewId("019df2a1c0de4a0000000081"),
    member_id=EXAMPLE_MEMBER.member_id,
    name="Maren Holt",
    email_address=EXAMPLE_MEMBER.email_address,
    order_id="C-2026-0093",
    order=EXAMPLE_ORDER.id,
    product_id="beans-1kg",
    product_name="House blend, 1 kg",
    product_link="https://coffee.example/p/beans-1kg",
    product_source="shop",
    rating=4,
    title="Round and nutty",
    description="Good in milk, a little mild on its own.",
    media=("https://coffee.example/media/crema.jpg",),
    is_verified=True,
    created_at=EXAMPLE_NOW,
    modified_at=EXAMPLE_NOW,
)


def example_envelope(
    member: Member = EXAMPLE_MEMBER, *, rule_version: int | None = 3
) -> dict[str, Any]:
    """Give what every fact says beside its own fields."""
    return {
        "sequence": 17,
        "cause": "019df2a1c0de4a0000000000",
        "rule_version": rule_version,
        "member": member,
    }


def example_endpoint_envelope(health: HealthName, reason: str) -> dict[str, Any]:
    """Give what every fact about an endpoint says."""
    return {
        "sequence": 4,
        "cause": "019df2a1c0de4a0000000000",
        "endpoint": EndpointHealth(
            id=EndpointId("019df2a1c0de4b0000000000"),
            url="https://crm.example/hooks/loyalty",
            dialect="native",
            description="The CRM",
            health=health,
            since=EXAMPLE_NOW,
        ),
        "reason": reason,
    }
