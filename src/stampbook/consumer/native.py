"""What the native dialect sends: the data of each fact, as its consumer reads it.

Written by `python -m docs.generate_payloads` from the facts; a change here is lost.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct


class FactHead(Struct, frozen=True, kw_only=True):
    """What every fact says, whomever it is about.

    Shapes: `sequence` counts the facts about the same member, or the same endpoint, from 1 without
    a gap; `rule_version` is set where a rule of the program decided.
    """

    sequence: int
    cause: str
    """The request or the job that made it happen; facts of one cause travel together."""
    rule_version: int | None = None


class Address(Struct, frozen=True, kw_only=True):
    """A postal address; a part that is not known is null."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Balances(Struct, frozen=True, kw_only=True):
    """Where the member's points are.

    Units: points. `issued` is the sum of all buckets below it (contract section 2; ledger invariant
    I12); `available` is below zero only while the member owes points.
    """

    issued: int = 0
    available: int = 0
    pending: int = 0
    held: int = 0
    redeemed: int = 0
    deducted: int = 0
    expired: int = 0
    rejected: int = 0
    earned: int = 0
    """Lifetime: every approved award. It falls only when points move to another member."""
    debt: int = 0
    """Deducted beyond what the lots held; the next earnings pay it back."""


class TierStanding(Struct, frozen=True, kw_only=True):
    """Which tier the member has, and what counts towards the next.

    Shapes: the period is half-open; `period_end` is None when it never ends. Units:
    qualified_points in points; qualified_spend in minor units.
    """

    tier_id: str
    name: str
    period_start: datetime
    period_end: datetime | None = None
    qualified_points: int = 0
    qualified_spend: int = 0
    overridden: bool = False
    """Set by hand, and kept until the next evaluation."""


class Member(Struct, frozen=True, kw_only=True):
    """A member right after something happened."""

    id: str
    member_id: str
    first_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    address: Address = Address()
    status: str = "active"
    """Until now: active, blocked, deleted, guest, inactive, merged."""
    tags: tuple[str, ...] = ()
    birthdate: date | None = None
    anniversary_date: date | None = None
    preferred_language: str | None = None
    instagram_handle: str | None = None
    twitter_handle: str | None = None
    custom_attributes: dict[str, Any] = {}
    referral_code: str
    referral_url: str
    referred_by: str | None = None
    """The referral code of who brought them."""
    enrolled_at: datetime
    modified_at: datetime
    deleted_at: datetime | None = None
    number_of_purchases: int = 0
    number_of_redemptions: int = 0
    first_purchase_at: datetime | None = None
    last_purchase_at: datetime | None = None
    last_activity_at: datetime
    revenue: float = 0.0
    """Units: the program's currency."""
    aov: float = 0.0
    """Average order value. Units: the program's currency; 0 before the first purchase."""
    balances: Balances = Balances()
    tier: TierStanding | None = None
    merged_into: str | None = None
    """The member_id of who this member turned out to be; they neither earn nor spend any more."""


class FactData(FactHead, frozen=True, kw_only=True):
    """What every fact about a member says beside its own fields; the structure of native `data`.

    Shapes: `member` is the member right after the fact.
    """

    member: Member


class EndpointHealth(Struct, frozen=True, kw_only=True):
    """An endpoint and how it is.

    Shapes: while `suspended` what waits for it is held and one request at a time is tried; while
    `disabled` nothing is kept for it, and activating it brings what it missed.
    """

    id: str
    url: str
    """Without user and password."""
    dialect: str
    description: str
    health: str
    """Until now: degraded, disabled, healthy, suspended."""
    since: datetime


class EndpointFact(FactHead, frozen=True, kw_only=True):
    """What every fact about an endpoint says: how it is right after the fact, and why.

    Shapes: it is sent to every other endpoint that asks for it, never to the one it is about.
    """

    endpoint: EndpointHealth
    reason: str
    """The answer that decided, in words."""


class Condition(Struct, frozen=True, kw_only=True):
    """One test: an attribute, an operator, a value.

    Shapes: `attribute` is a path such as `member.tier`, `member.custom.club`,
    `transaction.order_subtotal`, `transaction.tags`, `products.product_category`; `operator` is the
    name of a file in core/rules/conditions.
    """

    attribute: str
    operator: str
    value: Any = None


class Audience(Struct, frozen=True, kw_only=True):
    """Members by conditions on them alone; no condition is everybody."""

    match: str = "all"
    """Until now: all, any."""
    conditions: tuple[Condition, ...] = ()


class Promotion(Struct, frozen=True, kw_only=True):
    """What a campaign gives.

    Shapes: `bonus_points` awards `points` of `activity` at entry; `multiplier` multiplies what is
    earned inside; `coupon` gives a coupon of the program at entry.
    """

    kind: str = "no_action"
    """Until now: bonus_points, coupon, multiplier, no_action."""
    activity: str | None = None
    points: int | None = None
    multiplier: float | None = None
    coupon: str | None = None


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign as the program defines it.

    Shapes: a member who meets `entry` enters after `entry_delay_days`, if they still meet it then.
    They leave after `exit_delay_days` once they meet `exit` (None: once they no longer meet
    `entry`), and at `ends_at`.
    """

    id: str
    name: str
    entry: Audience
    exit: Audience | None = None
    entry_delay_days: int = 0
    exit_delay_days: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """Exclusive."""
    again: bool = False
    """Whether a member who has left may enter once more."""
    promotion: Promotion = Promotion()
    is_active: bool = True
    description: str = ""


class CampaignStep(Struct, frozen=True, kw_only=True):
    """A campaign in a fact, with ids of ours: of the entry or the exit, and of the promotion.

    Shapes: both have 24 hex digits; the promotion's is the same in every fact of the campaign.
    """

    id: str
    promotion_id: str
    campaign: Campaign


class CampaignEntered(FactData, frozen=True, kw_only=True):
    """Sent when a member met the entry criteria, and still did after the delay."""

    step: CampaignStep


class CampaignExited(FactData, frozen=True, kw_only=True):
    """Sent when a member met the exit criteria and its delay has passed, or the campaign ended."""

    step: CampaignStep


class Coupon(Struct, frozen=True, kw_only=True):
    """A coupon as it stands now; `held` while its redemption is on hold."""

    id: str
    code: str
    member_id: str
    status: str
    """Until now: cancelled, expired, held, issued, released, used."""
    source: str
    """Until now: activity, campaign, manual, redemption, referral, review."""
    name: str | None = None
    description: str = ""
    offer_id: str | None = None
    """The coupon of the program's definition that it was made from."""
    activity_id: str | None = None
    """The activity that gave it."""
    friend_email: str | None = None
    """Of a friend's incentive: who may use it, while they are no member."""
    referral_id: str | None = None
    """The referral whose incentive it is."""
    reward_id: str | None = None
    reward_name: str | None = None
    transaction_id: str | None = None
    order_id: str | None = None
    """The order that earned it."""
    value_class: str = "custom"
    """Until now: amount, custom, free_shipping, percent, product."""
    value: float | None = None
    target: str = "cart"
    """What the value is taken off. Until now: cart, product, shipping."""
    minimum_order_amount: float | None = None
    link: str | None = None
    """Where a click applies it."""
    reference_id: str | None = None
    """The shop's own coupon that it stands for."""
    reference_source: str | None = None
    issued_at: datetime
    modified_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
    used_by_order_id: str | None = None
    reminded_at: datetime | None = None


class CouponIssued(FactData, frozen=True, kw_only=True):
    """Sent once for each coupon, with its code.

    Shapes: `coupon.status` is `held` while its redemption is on hold; coupon.updated says when such
    a coupon may be used.
    """

    coupon: Coupon


class CouponUnused(FactData, frozen=True, kw_only=True):
    """Sent once for a coupon that is still unused after the days of the setting."""

    coupon: Coupon


class CouponUpdated(FactData, frozen=True, kw_only=True):
    """Sent for each change of a coupon's status; `coupon.status` is the one after it.

    Units: `points_returned` is what went back to the member for a cancelled coupon.
    """

    coupon: Coupon
    points_returned: int = 0


class EndpointDegraded(EndpointFact, frozen=True, kw_only=True):
    """Sent when an endpoint that was healthy no longer is; what is sent to it goes one by one."""


class EndpointDisabled(EndpointFact, frozen=True, kw_only=True):
    """Sent when an endpoint is given up until somebody activates it again."""


class EndpointRecovered(EndpointFact, frozen=True, kw_only=True):
    """Sent when an endpoint is healthy again; what was held for it is on its way."""


class EndpointSuspended(EndpointFact, frozen=True, kw_only=True):
    """Sent when only trials are sent to an endpoint; nothing that waits for it is dropped."""


class EndpointWarned(EndpointFact, frozen=True, kw_only=True):
    """Sent once, a day at least before a suspended endpoint is disabled."""

    disables_at: datetime
    """It is disabled by the first failed trial from then on."""


class MemberDeleted(FactData, frozen=True, kw_only=True):
    """Sent once for each deleted member, and the last fact about them.

    Shapes: `member` carries only what the deletion leaves; members deleted by one request have the
    same `cause`.
    """


class MemberEnrolled(FactData, frozen=True, kw_only=True):
    """Sent once for each member, before any other fact about them."""


class MemberOtpGenerated(FactData, frozen=True, kw_only=True):
    """Sent once for each password.

    Shapes: `otp` is six digits, and empty in what is stored once it is used or no longer valid.
    """

    otp: str
    minutes_valid: int
    valid_till: datetime


class MemberUpdated(FactData, frozen=True, kw_only=True):
    """Sent for each change by somebody; a change of balance alone never sends it.

    Shapes: `changed` names the fields of `member` that are different now, at least one.
    """

    changed: tuple[str, ...]


class Order(Struct, frozen=True, kw_only=True):
    """An order as it stands now.

    Shapes: amounts are in the order's own currency; `rate` is what one unit of it was worth in the
    program's currency when it was recorded, and stays so. What decides about points changes one way
    only (`is_waiting` ends, `cancelled_at` comes, `returned_amount` grows), so that it does not
    matter in which order updates arrive.
    """

    id: str | None = None
    """Our own; None of an order from before it had one."""
    order_id: str
    member_id: str
    created_at: datetime
    modified_at: datetime
    currency: str
    total: float
    """Units: the order's currency."""
    subtotal: float
    """What earning rules multiply by default. Units: the order's currency."""
    status: str | None = None
    financial_status: str | None = None
    delivery_status: str | None = None
    attributes: dict[str, Any] = {}
    """As received, amounts with the type that the caller sent."""
    award_id: str | None = None
    """The award that the order earned, if it earned."""
    returned_amount: float = 0.0
    """What has come back of the subtotal, whether returns named it or refunds say so. Units: the
    order's currency."""
    returned_products: dict[str, float] = {}
    """Quantities returned so far, by product id."""
    returned_in_full: bool = False
    is_guest: bool = False
    """Its customer is no member; it is stored because it completed a referral, and never earns."""
    review_at: datetime | None = None
    """When the customer is asked for a review; None when they were, or will not be."""
    rate: float = 1.0
    name: str | None = None
    """What people call it, such as a number."""
    source: str | None = None
    """The shop system that it comes from."""
    cart_token: str | None = None
    discount: float | None = None
    tax: float | None = None
    payment_source: str | None = None
    payment_medium: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    driven_by: str | None = None
    """What brought the order about."""
    coupon_driven_by: str | None = None
    """What brought the redemption of its coupon about."""
    coupon_code: str | None = None
    """As received, whether or not it is a code of ours."""
    coupon_id: str | None = None
    """The coupon of ours that the order used."""
    coins_spent: int = 0
    """Units: points that the coupon was bought with."""
    coins_rewarded: int = 0
    """Units: points that the order earned and has not lost again, pending ones among them."""
    is_rewarded: bool = False
    """The points were approved; told anew with each change of the order."""
    link: str | None = None
    """Where the customer sees it."""
    refunded: float = 0.0
    """The money that went back so far, as the shop says it. Units: the order's currency."""
    refunded_ahead: float = 0.0
    """How much of `returned_amount` was refunded and no return has named yet, so that a return and
    its refund count once. Units: the order's currency."""
    is_waiting: bool = False
    """It does not count yet: it is not what orders must be before they earn."""
    cancelled_at: datetime | None = None
    """A cancelled order stays cancelled."""
    fulfilled_at: datetime | None = None
    said_at: dict[str, datetime] = {}
    """When the shop last said each field that may change, where it gave a time."""


class OrderRecorded(FactData, frozen=True, kw_only=True):
    """Sent once for each order id, whether or not the order earned; `order.award_id` says which.

    Shapes: it stands before what follows from it; `order` is as it is when everything has followed.
    """

    order: Order


class OrderUpdated(FactData, frozen=True, kw_only=True):
    """Sent for each change of an order; points that a return takes back are a fact of their own.

    Shapes: `order` is as it is when everything has followed, and `changed` names its fields that
    are different now. An update that says nothing new states nothing. Units: `returned_amount` is
    what came back with this change, in the order's currency; 0 when nothing did.
    `order.returned_amount` is the sum so far.
    """

    order: Order
    changed: tuple[str, ...]
    returned_amount: float = 0.0


class Approver(Struct, frozen=True, kw_only=True):
    """Who approved or rejected; the System when no person did."""

    id: str | None = None
    name: str = "System"


class LotShare(Struct, frozen=True, kw_only=True):
    """How much of a debit one lot paid. Units: points."""

    lot_id: str
    points: int


class Transaction(Struct, frozen=True, kw_only=True):
    """An award, a redemption or a deduction, as it stands now."""

    id: str
    member_id: str
    kind: str
    """Until now: award, coupon_award, deduct, redeem, transfer."""
    status: str
    """Until now: approved, deducted, pending, redeemed, refunded, rejected, transferred."""
    points: int
    asked: int | None = None
    """How many points the caller named, where a number was named."""
    created_at: datetime
    modified_at: datetime
    approved_at: datetime | None = None
    approver: Approver = Approver()
    attributes: dict[str, Any] = {}
    """As received, amounts with the type that the caller sent."""
    additional_data: dict[str, Any] = {}
    activity_id: str | None = None
    activity_name: str | None = None
    reward_id: str | None = None
    reward_name: str | None = None
    reward_link: str | None = None
    coupon_code: str | None = None
    order_id: str | None = None
    lot_id: str | None = None
    expires_at: datetime | None = None
    """When the award's points expire; of a pending award: not known before approval."""
    auto_approval_at: datetime | None = None
    hold_expires_at: datetime | None = None
    rule_version: int
    """The version of the program's definition that valued it."""
    qualifies: bool = False
    """Counts towards the tier."""
    inputs: dict[str, Any] = {}
    """What the rules read of the member when they valued the award; a return reads the same."""
    paid: tuple[LotShare, ...] = ()
    """Of a redemption or a deduction: which lot paid how much, in the order of spending."""
    returned_points: int = 0
    """Of an award: points taken back by returns so far."""


class PointsDeducted(FactData, frozen=True, kw_only=True):
    """Sent once for each deduction; `transaction.points` is what was taken, debt included."""

    transaction: Transaction


class PointsEarned(FactData, frozen=True, kw_only=True):
    """Sent once for each approved award; `transaction.points` is what was earned."""

    transaction: Transaction
    was_pending: bool = False
    """It waited for a moderator or its date, and points.pended told of it."""


class LotOrigin(Struct, frozen=True, kw_only=True):
    """Where the points of a lot were before they moved with a merge.

    Shapes: `lot_id` is the lot that they moved out of; `transaction_id` and `member_id` are of the
    award itself, whoever has had its points since.
    """

    lot_id: str
    transaction_id: str
    member_id: str


class Lot(Struct, frozen=True, kw_only=True):
    """The points of one approved award.

    Shapes: at `expires_at` the remaining points are gone, whether or not a job has run; None is
    never. remaining + held <= points. Units: points.
    """

    id: str
    member_id: str
    transaction_id: str
    """The award that opened it, or the transfer that brought it."""
    activity_id: str | None = None
    points: int
    remaining: int
    held: int = 0
    """Spent by redemptions that are still on hold."""
    opened_at: datetime
    expires_at: datetime | None = None
    awarded_at: datetime
    """When the award was made; it is approved at `opened_at`."""
    approver: Approver = Approver()
    origin: LotOrigin | None = None
    """Of points that a merge brought."""


class PointsExpired(FactData, frozen=True, kw_only=True):
    """Sent once for each lot that expires with points left; a spent lot ends in silence.

    Units: `lot.points` is what the award gave, `points` what of it expired.
    """

    lot: Lot
    points: int
    expired_at: datetime


class PointsExpiring(FactData, frozen=True, kw_only=True):
    """Sent once for each day of expiry and each number of days before it.

    Units: `points` is what expires on that day, as the balance stands now.
    """

    expires_at: datetime
    points: int
    days: int


class PointsPended(FactData, frozen=True, kw_only=True):
    """Sent once for an award that is not approved at once; its approval or rejection follows.

    Shapes: `transaction.expires_at` is null, because the expiry starts at approval.
    """

    transaction: Transaction


class PointsRedeemed(FactData, frozen=True, kw_only=True):
    """Sent once for each redemption when its points are spent; a hold sends it when approved."""

    transaction: Transaction


class PointsRefused(FactData, frozen=True, kw_only=True):
    """Sent for each refused request about a known member; the request changed nothing.

    Shapes: `code` is permanent (`noun.reason`); `detail` and `remedy` are sentences for a person;
    `facts` are the numbers and names that explain the refusal.
    """

    code: str
    detail: str
    remedy: str
    rule: str | None = None
    activity_id: str | None = None
    order_id: str | None = None
    facts: dict[str, Any]


class PointsRejected(FactData, frozen=True, kw_only=True):
    """Sent once for each rejected award; awards rejected by one request have the same `cause`."""

    transaction: Transaction


class PointsUnused(FactData, frozen=True, kw_only=True):
    """Sent once for each time that the balance was left alone for the days of the setting.

    Units: `points` is the balance.
    """

    points: int
    days: int


class Referral(Struct, frozen=True, kw_only=True):
    """A referral as it stands now; it belongs to the referrer.

    Shapes: `friend_member_id` is the merchant's key of a friend who has enrolled, or of a guest who
    bought. A coupon is named by its code.
    """

    id: str
    status: str
    """Until now: claimed, completed, refused."""
    mode: str
    """Until now: code, coupon, link."""
    referrer_member_id: str
    referral_code: str
    friend_email: str | None = None
    friend_name: str | None = None
    friend_member_id: str | None = None
    friend_is_enrolled: bool = False
    claimed_at: datetime
    modified_at: datetime
    completed_at: datetime | None = None
    friend_coupon: str | None = None
    referrer_coupon: str | None = None
    friend_award: str | None = None
    referrer_award: str | None = None
    activity_id: str | None = None
    """Of the friend's activity that completed it."""
    order_id: str | None = None
    order: str | None = None
    """Our own id of the order that completed it."""
    refusal: str | None = None
    """The code of the refusal that ended it."""
    remind_at: datetime | None = None
    reminded_at: datetime | None = None
    reminders: int = 0
    version: int = 1
    """Rises with each change."""


class Friend(Struct, frozen=True, kw_only=True):
    """Who was referred: a member, or what is known of a guest."""

    email_address: str | None = None
    member_id: str | None = None
    name: str | None = None
    member: Member | None = None


class ReferralCompleted(FactData, frozen=True, kw_only=True):
    """Sent once for each referral.

    Shapes: the fact is one of the referrer's, and `member` is the referrer after the rewards.
    `order_attributes` are the friend's order as received, None when no order completed it.
    """

    referral: Referral
    friend: Friend
    activity_id: str
    activity_name: str
    order_attributes: dict[str, Any] | None = None
    rewards: tuple[Transaction, ...] = ()
    """The referrer's, in the order in which they were given."""
    referrer_coupon: Coupon | None = None
    friend_coupon: Coupon | None = None


class ReferralFriendClaimed(FactData, frozen=True, kw_only=True):
    """Sent once for each claim.

    Shapes: the fact is one of the referrer's, and `member` is the referrer.
    """

    referral: Referral
    friend: Friend
    coupon: Coupon | None = None


class ReferralLinkShared(FactData, frozen=True, kw_only=True):
    """Sent once for each share.

    Shapes: `friend_emails` lists whom an e-mail went to, and is empty of every other channel.
    """

    channel: str
    friend_emails: tuple[str, ...] = ()


class ReferralRefused(FactData, frozen=True, kw_only=True):
    """Sent for each refused referral of a known referrer; the request changed nothing.

    Shapes: `code` is permanent (`noun.reason`); `detail` and `remedy` are sentences for a person;
    `facts` are the numbers and names that explain the refusal.
    """

    code: str
    detail: str
    remedy: str
    rule: str | None = None
    order_id: str | None = None
    facts: dict[str, Any]


class ReferralReminded(FactData, frozen=True, kw_only=True):
    """Sent once for each claim that is still open after the days of the setting.

    Shapes: the fact is one of the referrer's, and `member` is the referrer.
    """

    referral: Referral
    friend: Friend
    coupon: Coupon | None = None


class ReviewRequested(FactData, frozen=True, kw_only=True):
    """Sent once for an order, the days of the setting after it was fulfilled."""

    order: Order
    link: str


class Review(Struct, frozen=True, kw_only=True):
    """A review as it stands now.

    Shapes: texts are plain and escaped by whoever shows them. `member_id` is None of a guest.
    """

    id: str
    member_id: str | None
    name: str | None = None
    email_address: str | None = None
    order_id: str | None = None
    order: str | None = None
    """Our own id of the order."""
    product_id: str
    product_name: str | None = None
    product_link: str | None = None
    product_source: str | None = None
    reference_id: str | None = None
    """The shop's own id of it."""
    reference_source: str | None = None
    rating: int
    title: str = ""
    description: str = ""
    media: tuple[str, ...] = ()
    reply: str | None = None
    status: str = "pending"
    """Until now: approved, pending, rejected."""
    is_verified: bool = False
    """A purchase of the product by the reviewer was found."""
    is_featured: bool = False
    is_rewarded: bool = False
    reward_points: int = 0
    award: str | None = None
    activity_id: str | None = None
    version: int = 1
    """Rises with each change."""
    created_at: datetime
    modified_at: datetime


class ReviewSubmitted(FactData, frozen=True, kw_only=True):
    """Sent once for each review of a member."""

    review: Review


class ReviewUpdated(FactData, frozen=True, kw_only=True):
    """Sent for each change of a review; `changed` names its fields that did."""

    review: Review
    changed: tuple[str, ...]


class PointsEligibility(Struct, frozen=True, kw_only=True):
    """Open to members whose points earned in a period compare well with a bound."""

    period: str = "lifetime"
    """Until now: current_month, current_year, last_365_days, lifetime."""
    operator: str = "at_least"
    """Until now: at_least, at_most, greater_than, less_than."""
    points: int = 0


class Limit(Struct, frozen=True, kw_only=True):
    """How often one member may redeem the reward in a period."""

    times: int
    per: str = "lifetime"
    """Until now: day, lifetime, month, week."""


class Reward(Struct, frozen=True, kw_only=True):
    """A reward of the catalogue.

    Units: `points` is the price; of a flexible amount it is the least that may be spent, `step` the
    multiple, `points_max` the most, and `value` what one point is worth. `value` is otherwise an
    amount in the program's currency or a percentage.
    """

    id: str
    name: str
    sub_type: str
    """Until now: custom, fixed_amount, flexible_amount, free_shipping, gift_card, percentage,
    product."""
    points: int
    value: float | None = None
    step: int = 1
    points_max: int | None = None
    product_id: str | None = None
    product_url: str | None = None
    link: str | None = None
    minimum_order_amount: float | None = None
    tiers: tuple[str, ...] = ()
    """Tier based when set: the tiers that may redeem. Otherwise points based."""
    eligibility: PointsEligibility = PointsEligibility()
    stock: int | None = None
    """How many may ever be redeemed; None is no bound."""
    coupon: str = "generated"
    """Where the code comes from; a pool is filled with the shop's own codes. Until now: generated,
    none, pool."""
    code_prefix: str = ""
    coupon_days: int | None = None
    limit: Limit | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """Exclusive."""
    is_active: bool = True
    description: str = ""
    metadata: dict[str, Any] = {}


class CatalogueReward(Struct, frozen=True, kw_only=True):
    """A reward in a fact: its definition, our own id of it, and when it was defined and changed.

    Shapes: `id` has 24 hex digits like every id of ours and is the same in every fact; `reward.id`
    is the merchant's own key.
    """

    id: str
    reward: Reward
    created_at: datetime
    modified_at: datetime


class RewardBecameAvailable(FactData, frozen=True, kw_only=True):
    """Sent when a balance rises over the price of rewards; one fact names all of them.

    Shapes: `rewards` are those that became affordable with this change, at least one.
    """

    rewards: tuple[CatalogueReward, ...]


class RewardCameWithinReach(FactData, frozen=True, kw_only=True):
    """Sent when a balance rises over a share of a reward's price without reaching the price.

    Shapes: `rewards` are those that came within reach with this change, at least one. The share is
    `points.within_reach_percent` of the program's definition.
    """

    rewards: tuple[CatalogueReward, ...]


class RewardRefused(FactData, frozen=True, kw_only=True):
    """Sent for each refused request about a known member, and for a hold that was turned down.

    A refused request changed nothing; the points of a hold went back.

    Shapes: `code` is permanent (`noun.reason`); `detail` and `remedy` are sentences for a person;
    `facts` are the numbers and names that explain the refusal.
    """

    code: str
    detail: str
    remedy: str
    rule: str | None = None
    reward_id: str | None = None
    order_id: str | None = None
    facts: dict[str, Any]


class TierDowngraded(FactData, frozen=True, kw_only=True):
    """Sent for each move to a lower tier; `member.tier` is the tier after it.

    Shapes: `from_tier` and `to_tier` are ids of the program's tiers.
    """

    from_tier: str | None
    to_tier: str
    reason: str
    """Until now: deduction, definition, earned, merge, override, period_end."""


class TierRenewed(FactData, frozen=True, kw_only=True):
    """Sent when a period ends and neither tier.upgraded nor tier.downgraded is sent for it.

    Shapes: the new period is half-open; `period_end` is null when it never ends.
    """

    tier: str
    period_start: datetime
    period_end: datetime | None


class TierUpgraded(FactData, frozen=True, kw_only=True):
    """Sent for each move to a higher tier, at once; `member.tier` is the tier after it.

    Shapes: `from_tier` and `to_tier` are ids of the program's tiers; `from_tier` is null when the
    member had none.
    """

    from_tier: str | None
    to_tier: str
    reason: str
    """Until now: deduction, definition, earned, merge, override, period_end."""


class Computation(Struct, frozen=True, kw_only=True):
    """What an activity is worth before its rules.

    Shapes: `fixed` gives `points`; `multiplier_based` gives `multiplier` times a numeric attribute
    of the transaction.
    """

    kind: str
    """Until now: fixed, multiplier_based."""
    points: int = 0
    attribute: str = "order_subtotal"
    multiplier: float = 1
    rounding: str = "down"
    """Until now: down, half_even, half_up, up."""


class Rule(Struct, frozen=True, kw_only=True):
    """Changes what an activity is worth when its conditions hold.

    Shapes: `effect` is the name of a file in core/rules/effects; no condition always holds.
    """

    name: str
    effect: str
    value: float
    match: str = "all"
    """Until now: all, any."""
    conditions: tuple[Condition, ...] = ()
    is_active: bool = True


class Cap(Struct, frozen=True, kw_only=True):
    """The most that one member gets from an activity in a period of the program's calendar.

    Shapes: at least one of `points` and `times`. An award over `points` is cut to what is left.
    """

    per: str
    """Until now: day, lifetime, month, week."""
    points: int | None = None
    times: int | None = None


class Approval(Struct, frozen=True, kw_only=True):
    """How an award becomes spendable."""

    method: str = "immediate"
    """Until now: after_days, immediate, manual."""
    days: int | None = None
    """Of `after_days`: how long the award waits."""


class Expiry(Struct, frozen=True, kw_only=True):
    """When an award's points expire after approval; nothing set means never.

    Shapes: days and months add up; `end_of` then moves to the end of that period.
    """

    days: int | None = None
    months: int | None = None
    end_of: str | None = None
    """Until now: month, quarter, year."""


class Activity(Struct, frozen=True, kw_only=True):
    """Something a member does that earns points.

    Shapes: `on` says what sets it off: an order, an enrolment, a day of the member's calendar, or a
    request to award it. At most one activity is set off by an order.
    """

    id: str
    name: str
    on: str = "request"
    """Until now: anniversary, birthday, enrolment, order, request."""
    computation: Computation
    coupon: str | None = None
    """A coupon of the program that it gives beside its points, or instead of them."""
    rules: tuple[Rule, ...] = ()
    caps: tuple[Cap, ...] = ()
    approval: Approval = Approval()
    expiry: Expiry | None = None
    """None: as `points.expiry` of the program says."""
    qualifies_for_tier: bool = True
    is_active: bool = True
    description: str = ""
    metadata: dict[str, Any] = {}


class CatalogueActivity(Struct, frozen=True, kw_only=True):
    """An activity in a fact: its definition, our own id of it, and when it was defined and changed.

    Shapes: `id` has 24 hex digits and is the same in every fact; `activity.id` is the merchant's
    own key.
    """

    id: str
    activity: Activity
    created_at: datetime
    modified_at: datetime


class WinbackOffer(Struct, frozen=True, kw_only=True):
    """What a member was offered. Units: points. `valid_till` is exclusive."""

    id: str
    activity: CatalogueActivity
    bonus_activity: str
    """The merchant's key of the activity as which the bonus is awarded."""
    bonus_points: int
    offered_at: datetime
    valid_till: datetime


class WinbackOffered(FactData, frozen=True, kw_only=True):
    """Sent once for each time that a member was inactive for the days of the setting."""

    offer: WinbackOffer


TYPES: Mapping[str, type[FactHead]] = {
    "campaign.entered": CampaignEntered,
    "campaign.exited": CampaignExited,
    "coupon.issued": CouponIssued,
    "coupon.unused": CouponUnused,
    "coupon.updated": CouponUpdated,
    "endpoint.degraded": EndpointDegraded,
    "endpoint.disabled": EndpointDisabled,
    "endpoint.recovered": EndpointRecovered,
    "endpoint.suspended": EndpointSuspended,
    "endpoint.warned": EndpointWarned,
    "member.deleted": MemberDeleted,
    "member.enrolled": MemberEnrolled,
    "member.otp_generated": MemberOtpGenerated,
    "member.updated": MemberUpdated,
    "order.recorded": OrderRecorded,
    "order.updated": OrderUpdated,
    "points.deducted": PointsDeducted,
    "points.earned": PointsEarned,
    "points.expired": PointsExpired,
    "points.expiring": PointsExpiring,
    "points.pended": PointsPended,
    "points.redeemed": PointsRedeemed,
    "points.refused": PointsRefused,
    "points.rejected": PointsRejected,
    "points.unused": PointsUnused,
    "referral.completed": ReferralCompleted,
    "referral.friend_claimed": ReferralFriendClaimed,
    "referral.link_shared": ReferralLinkShared,
    "referral.refused": ReferralRefused,
    "referral.reminded": ReferralReminded,
    "review.requested": ReviewRequested,
    "review.submitted": ReviewSubmitted,
    "review.updated": ReviewUpdated,
    "reward.became_available": RewardBecameAvailable,
    "reward.came_within_reach": RewardCameWithinReach,
    "reward.refused": RewardRefused,
    "tier.downgraded": TierDowngraded,
    "tier.renewed": TierRenewed,
    "tier.upgraded": TierUpgraded,
    "winback.offered": WinbackOffered,
}
"""The data of each fact."""
