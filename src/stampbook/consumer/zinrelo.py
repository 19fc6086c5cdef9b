"""What Zinrelo's dialect sends: events of one type, each with its own data.

Shapes: dates are texts, `MM/DD/YYYY HH:MM:SS` in UTC, some with a comma after the date; `moment`
reads both. Amounts inside `transaction_attributes` have the type that the shop sent.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

DATE_FORMAT = "%m/%d/%Y %H:%M:%S"


def moment(date: str | None) -> datetime | None:
    """Read a date; None for null and for the empty text that stands for an unset one.

    Errors: ValueError for what is no date.
    """
    if not date:
        return None
    return datetime.strptime(date.replace(", ", " "), DATE_FORMAT).replace(tzinfo=UTC)


class Address(Struct, frozen=True, kw_only=True):
    """A postal address."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class TierInfo(Struct, frozen=True, kw_only=True):
    """Which tier the member has; the period includes its last second."""

    current_period_start: str | None
    loyalty_tier_name: str | None
    qualified_points: int
    loyalty_tier_id: str | None
    current_period_end: str | None


class MemberInfo(Struct, frozen=True, kw_only=True):
    """A member right after the event. Units: points; the program's currency."""

    id: str
    first_name: str | None
    last_name: str | None
    email_address: str | None
    address: Address
    phone_number: str | None
    member_id: str
    member_status: str
    """Until now: active, inactive, blocked."""
    member_tags: tuple[str, ...]
    number_of_purchases: int
    number_of_redemptions: int
    birthdate: str | None
    enrollment_date: str
    last_modified_date: str
    first_purchase_date: str | None
    instagram_handle: str | None
    last_purchase_date: str | None
    anniversary_date: str | None
    twitter_handle: str | None
    preferred_language: str | None
    tier_info: TierInfo
    referral_code: str
    lifetime_points_earned: int
    lifetime_points_expired: int
    available_points: int
    """Below zero while the member owes points."""
    lifetime_points_deducted: int
    lifetime_points_redeemed: int
    referral_URL: str  # noqa: N815 - as the vendor spells it
    custom_attributes: dict[str, Any]
    revenue: float
    aov: float | None
    deleted_date: str | None


class DeletedMemberInfo(Struct, frozen=True, kw_only=True):
    """What a deletion leaves."""

    member_id: str


class ApproverDetails(Struct, frozen=True, kw_only=True):
    """Who approved; `System` when no person did."""

    approver_id: str | None
    approver_name: str


class AwardInfo(Struct, frozen=True, kw_only=True):
    """What was awarded. Units: points; 0 where a coupon was given in their place."""

    activity_id: str | None
    activity_name: str | None
    points_status: str
    points: int
    coupon_code: str | None = None


class RedeemedReward(Struct, frozen=True, kw_only=True):
    """What points were spent on. Units: points."""

    reward_id: str | None
    reward_name: str | None
    points_status: str
    points: int
    coupon_code: str | None
    reward_link: str | None


class DeductInfo(Struct, frozen=True, kw_only=True):
    """What was taken. Units: points."""

    points_status: str
    points: int


class ExpiryInfo(Struct, frozen=True, kw_only=True):
    """What expired. Units: points."""

    points_status: str
    points: int


class Transaction(Struct, frozen=True, kw_only=True):
    """What every `transaction_info` says."""

    id: str
    transaction_type: str
    """Until now: award, coupon_award, redeem, deduct."""
    member_id: str
    approver_details: ApproverDetails
    approved_date: str
    last_modified_date: str
    created_date: str


class Award(Transaction, frozen=True, kw_only=True):
    """Points, or a coupon, for an activity.

    Shapes: a coupon neither expires as points do nor waits for a date: both are empty.
    """

    transaction_attributes: dict[str, Any]
    award_info: AwardInfo
    points_expiration_date: str = ""
    auto_approval_date: str = ""
    additional_data: dict[str, Any] | None = None
    """Of a receipt that was handed in."""


class Redemption(Transaction, frozen=True, kw_only=True):
    """Points that were spent on a reward."""

    transaction_attributes: dict[str, Any]
    reward_info: RedeemedReward


class Deduction(Transaction, frozen=True, kw_only=True):
    """Points that were taken."""

    transaction_attributes: dict[str, Any]
    deduct_info: DeductInfo


class Expiry(Transaction, frozen=True, kw_only=True):
    """What was left of an award and has expired; `id` is that of the award."""

    expiry_info: ExpiryInfo


class Data(Struct, frozen=True, kw_only=True):
    """What an event says."""


class MemberEvent(Data, frozen=True, kw_only=True):
    """A member who joined, changed, or moved to another tier."""

    member_info: MemberInfo


class MemberDeleted(Data, frozen=True, kw_only=True):
    """A member who was deleted."""

    member_info: DeletedMemberInfo


class OtpInfo(Struct, frozen=True, kw_only=True):
    """A one-time password; the text is empty once it has had its time."""

    otp: str
    minutes_valid: int
    valid_till: str


class MemberOtp(Data, frozen=True, kw_only=True):
    """A one-time password that somebody asked for."""

    member_info: MemberInfo
    otp_info: OtpInfo


class PointsAwarded(Data, frozen=True, kw_only=True):
    """An award that was approved, or rejected."""

    member_info: MemberInfo
    transaction_info: Award


class PointsRedeemed(Data, frozen=True, kw_only=True):
    """Points that were spent."""

    member_info: MemberInfo
    transaction_info: Redemption


class PointsDeducted(Data, frozen=True, kw_only=True):
    """Points that were taken."""

    member_info: MemberInfo
    transaction_info: Deduction


class PointsExpired(Data, frozen=True, kw_only=True):
    """Points that expired."""

    member_info: MemberInfo
    transaction_info: Expiry


class ExpirationInfo(Struct, frozen=True, kw_only=True):
    """What will expire, and when. Units: points, days."""

    expiration_date: str
    points: int
    days_to_expire: int


class ExpirationReminder(Data, frozen=True, kw_only=True):
    """Points that will expire soon."""

    member_info: MemberInfo
    expiry_info: ExpirationInfo


class Reward(Struct, frozen=True, kw_only=True):
    """A reward of the program.

    Shapes: which of the fields with a default are there depends on the criteria and the sub-type.
    Units: points.
    """

    id: str
    reward_id: str
    reward_name: str
    reward_type: str
    reward_sub_type: str
    points_to_be_redeemed: int
    implementation_type: str
    is_active: bool
    show_on_guest_dashboard: bool
    enduser_reward_short_description: str
    enduser_reward_confirmation_html: str
    enduser_reward_post_confirmation_html: str
    reward_card_background_image_url: str
    created_date: str
    last_modified_date: str
    metadata: dict[str, Any]
    redemption_eligibility_criteria: str
    """Until now: Tier Based, Points Based."""
    eligible_tiers_list: tuple[str, ...] = ()
    earning_period_operator: str | None = None
    points_earned_operator: str | None = None
    points_earned: int | None = None
    product_id: str | None = None
    product_url: str | None = None
    reward_value: str | None = None
    """A number, spelled as text."""


class RewardInfo(Struct, frozen=True, kw_only=True):
    """Rewards, and how many."""

    count: int
    rewards: tuple[Reward, ...]


class RewardsReminder(Data, frozen=True, kw_only=True):
    """Rewards that became affordable, or came within reach."""

    member_info: MemberInfo
    reward_info: RewardInfo


class ShareInfo(Struct, frozen=True, kw_only=True):
    """Where a link was shared."""

    channel_shared: str


class EmailShareInfo(Struct, frozen=True, kw_only=True):
    """Whom a link was mailed to."""

    friend_email: tuple[str, ...]


class ReferralLinkShare(Data, frozen=True, kw_only=True):
    """A referral link that was shared; `email_share_info` is there when it was mailed."""

    member_info: MemberInfo
    share_info: ShareInfo
    email_share_info: EmailShareInfo | None = None


class FriendInfo(Struct, frozen=True, kw_only=True):
    """A friend: an enrolled one in full, as MemberInfo has it; of a guest, what the shop knows."""

    email_address: str | None
    member_id: str | None = None
    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    address: Address | None = None
    phone_number: str | None = None
    member_status: str | None = None
    member_tags: tuple[str, ...] = ()
    number_of_purchases: int | None = None
    number_of_redemptions: int | None = None
    birthdate: str | None = None
    enrollment_date: str | None = None
    last_modified_date: str | None = None
    first_purchase_date: str | None = None
    instagram_handle: str | None = None
    last_purchase_date: str | None = None
    anniversary_date: str | None = None
    twitter_handle: str | None = None
    preferred_language: str | None = None
    tier_info: TierInfo | None = None
    referral_code: str | None = None
    lifetime_points_earned: int | None = None
    lifetime_points_expired: int | None = None
    available_points: int | None = None
    lifetime_points_deducted: int | None = None
    lifetime_points_redeemed: int | None = None
    referral_URL: str | None = None  # noqa: N815 - as the vendor spells it
    custom_attributes: dict[str, Any] = {}
    revenue: float | None = None
    aov: float | None = None
    deleted_date: str | None = None


class IncentiveReferrer(Struct, frozen=True, kw_only=True):
    """Who brought the friend."""

    referral_link: str
    member_id: str
    id: str


class IncentiveInfo(Struct, frozen=True, kw_only=True):
    """What the friend gets."""

    coupon: str | None
    referrer_info: IncentiveReferrer


class FriendIncentiveRequest(Data, frozen=True, kw_only=True):
    """A friend who claims the incentive; `incentive_info` is there when nobody knew the friend."""

    friend_info: FriendInfo
    incentive_info: IncentiveInfo | None = None


class SuccessActivity(Struct, frozen=True, kw_only=True):
    """What the friend did; `order_info` is None unless it was a purchase."""

    activity_id: str
    activity_name: str
    order_info: dict[str, Any] | None


class ReferralSuccess(Data, frozen=True, kw_only=True):
    """A referral that was completed, and what the referrer got for it."""

    friend_info: FriendInfo
    referrer_info: MemberInfo
    referral_success_activity_info: SuccessActivity
    referrer_reward_info: tuple[Award, ...]


class RuleCondition(Struct, frozen=True, kw_only=True):
    """One test of a rule."""

    operator: str
    attribute: str
    value: Any


class RuleConfig(Struct, frozen=True, kw_only=True):
    """A rule of an activity."""

    rule_type: str
    rule_value: float
    is_active: bool
    conditions_matching_policy: str
    conditions: tuple[RuleCondition, ...]


class PointsConfig(Struct, frozen=True, kw_only=True):
    """What an activity is worth: fixed points, or a multiple of an attribute."""

    points_computation_type: str
    points: int | None = None
    attribute_to_multiply: str | None = None
    multiplier: float | None = None


class Activity(Struct, frozen=True, kw_only=True):
    """An activity of the program."""

    id: str
    activity_id: str
    metadata: dict[str, Any]
    activity_name: str
    is_active: bool
    approval_method: str
    show_on_guest_dashboard: bool
    activity_card_background_image_url: str
    enduser_activity_short_description: str
    enduser_activity_description_html: str
    last_modified_date: str
    created_date: str
    is_qualified_for_tier_upgrade: bool
    rules_config: tuple[RuleConfig, ...]
    activity_benefit_type: str
    points_config: PointsConfig


class OfferInfo(Struct, frozen=True, kw_only=True):
    """A bonus for doing one thing in time. Units: points."""

    offer_valid_till: str
    bonus_points: int
    activity_to_complete: Activity


class WinbackOffer(Data, frozen=True, kw_only=True):
    """An offer to a member who has been away."""

    member_info: MemberInfo
    offer_info: OfferInfo


class PromotionInfo(Struct, frozen=True, kw_only=True):
    """What a campaign gives."""

    promotion_id: str
    promotion_type: str
    configuration_settings: dict[str, Any] | None


class CampaignInfo(Struct, frozen=True, kw_only=True):
    """A campaign, and the step into it or out of it."""

    event_name: str
    event_ID: str  # noqa: N815 - as the vendor spells it
    delay_in_days: int
    campaign_name: str
    campaign_ID: str  # noqa: N815 - the same
    promotion_info: PromotionInfo


class CampaignEvent(Data, frozen=True, kw_only=True):
    """A member who entered or left a campaign."""

    member_info: MemberInfo
    campaign_info: CampaignInfo


TYPES: Mapping[str, type[Data]] = {
    "event_member_enrol": MemberEvent,
    "event_member_update": MemberEvent,
    "event_member_delete": MemberDeleted,
    "event_member_otp_generation": MemberOtp,
    "event_member_tierupgrade": MemberEvent,
    "event_member_tierdowngrade": MemberEvent,
    "event_points_earned": PointsAwarded,
    "event_points_rejected": PointsAwarded,
    "event_points_redeemed": PointsRedeemed,
    "event_points_deducted": PointsDeducted,
    "event_points_expired": PointsExpired,
    "event_points_expiration_reminder": ExpirationReminder,
    "event_available_rewards_reminder": RewardsReminder,
    "event_rewards_within_reach_reminder": RewardsReminder,
    "event_referral_link_share": ReferralLinkShare,
    "event_friend_incentive_request": FriendIncentiveRequest,
    "event_referral_success": ReferralSuccess,
    "event_winback_offer": WinbackOffer,
    "event_campaign_entered": CampaignEvent,
    "event_campaign_exited": CampaignEvent,
}
"""The structure of each type of event."""
