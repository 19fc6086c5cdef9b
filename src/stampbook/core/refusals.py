"""Refusals: each business "no" has a permanent code, a meaning and a remedy.

A refusal is a value: returned, stored as a fact where it concerns a member, and explained.
Source: contract, glossary; CONTRIBUTING, recipe "refuse something".
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

RefusalKind = Literal["conflict", "unprocessable", "not_found"]


class RefusalCode(Struct, frozen=True):
    """A permanent code. `not_found` is a request error: nothing is stored."""

    code: str
    kind: RefusalKind
    meaning: str
    remedy: str


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """A business "no" to one command."""

    code: str
    kind: RefusalKind
    detail: str
    remedy: str
    field: str | None = None
    member_id: str | None = None
    rule: str | None = None
    rule_version: int | None = None
    facts: dict[str, Any] = {}


_codes: dict[str, RefusalCode] = {}
REFUSALS: Mapping[str, RefusalCode] = MappingProxyType(_codes)
"""Every code by name, for the reference and the API's problem pages."""


def _declare(code: str, kind: RefusalKind, meaning: str, remedy: str) -> RefusalCode:
    assert code not in _codes, code
    _codes[code] = RefusalCode(code, kind, meaning, remedy)
    return _codes[code]


def refuse(
    code: RefusalCode,
    *,
    field: str | None = None,
    member_id: str | None = None,
    rule: str | None = None,
    rule_version: int | None = None,
    **facts: Any,
) -> Refused:
    """Refuse with a code; `facts` are the numbers and names that explain it."""
    return Refused(
        code=code.code,
        kind=code.kind,
        detail=code.meaning,
        remedy=code.remedy,
        field=field,
        member_id=member_id,
        rule=rule,
        rule_version=rule_version,
        facts=facts,
    )


MEMBER_NOT_FOUND = _declare(
    "member.not_found",
    "not_found",
    "No member has this member_id.",
    "Enrol the member first, or check the member_id.",
)
MEMBER_EXISTS = _declare(
    "member.exists",
    "conflict",
    "A member with this member_id is already enrolled.",
    "Update the member instead of enrolling them again.",
)
MEMBER_ID_RETIRED = _declare(
    "member.id_retired",
    "conflict",
    "This member_id belonged to a member who was deleted.",
    "Use another member_id: a deleted one is never given to somebody else.",
)
MEMBER_MERGED = _declare(
    "member.merged",
    "conflict",
    "The member was merged into another one and neither earns nor spends any more.",
    "Name the member in `merged_into`, or undo the merge.",
)
MEMBER_HAS_MERGED = _declare(
    "member.has_merged",
    "conflict",
    "Other members were merged into this one: they are the same person.",
    "Delete those in `merged_members` in the same request, or undo their merges.",
)
MERGE_SAME_MEMBER = _declare(
    "merge.same_member",
    "unprocessable",
    "A member cannot be merged into themselves.",
    "Name two members.",
)
MERGE_HOLD_OPEN = _declare(
    "merge.hold_open",
    "conflict",
    "The member to be merged has redemptions on hold.",
    "Approve or reject them first, or wait until they time out.",
)
MERGE_DEBT_OPEN = _declare(
    "merge.debt_open",
    "conflict",
    "One of the two members owes points.",
    "Award what is owed first.",
)
MERGE_NOT_DONE = _declare(
    "merge.not_done",
    "conflict",
    "The member is not merged into another one.",
    "Nothing is to be undone.",
)
MEMBER_NOT_DELETED = _declare(
    "member.not_deleted",
    "not_found",
    "The program has deleted nobody with this member_id.",
    "Delete the member first.",
)
MEMBER_BLOCKED = _declare(
    "member.blocked",
    "conflict",
    "The member is blocked or inactive and neither earns nor spends.",
    "Set the member's status to active first.",
)
MEMBER_EMAIL_TAKEN = _declare(
    "member.email_taken",
    "conflict",
    "Another member has this e-mail address.",
    "Use the other member, or give another address.",
)
PROGRAM_AUTO_ENROL_OFF = _declare(
    "program.auto_enrol_off",
    "not_found",
    "The customer is no member and the program does not enrol by order.",
    "Enrol the member first, or set auto_enrol in the program's definition.",
)
ACTIVITY_NOT_FOUND = _declare(
    "activity.not_found",
    "not_found",
    "The program defines no activity with this id.",
    "List the activities and use one of their ids.",
)
ACTIVITY_INACTIVE = _declare(
    "activity.inactive",
    "conflict",
    "The activity is switched off.",
    "Set is_active in the program's definition.",
)
ACTIVITY_CAP_REACHED = _declare(
    "activity.cap_reached",
    "conflict",
    "The member has reached the activity's cap for the period.",
    "Wait for the next period, or raise the cap in the program's definition.",
)
ACTIVITY_NEEDS_NUMBER = _declare(
    "activity.needs_number",
    "unprocessable",
    "The activity multiplies an attribute that is missing or is no number.",
    "Send the attribute named in `attribute` as a number.",
)
ACTIVITY_NEEDS_ORDER = _declare(
    "activity.needs_order",
    "unprocessable",
    "The activity is set off by orders and needs one.",
    "Record the order, or send order_id among the attributes.",
)
ACTIVITY_POINTS_COMPUTED = _declare(
    "activity.points_computed",
    "unprocessable",
    "The activity computes its points from the transaction.",
    "Leave `points` out.",
)
POINTS_NOTHING_EARNED = _declare(
    "points.nothing_earned",
    "conflict",
    "By the rules this is worth no points.",
    "Ask for the explanation to see which rules fired.",
)
POINTS_INSUFFICIENT = _declare(
    "points.insufficient",
    "conflict",
    "The member's available points do not cover it.",
    "Ask for no more than the available points.",
)
TRANSACTION_NOT_FOUND = _declare(
    "transaction.not_found",
    "not_found",
    "The program has no transaction with this id.",
    "Use the id from the award's or redemption's reply.",
)
TRANSACTION_NOT_PENDING = _declare(
    "transaction.not_pending",
    "conflict",
    "The transaction is already resolved.",
    "Read the transaction: it was approved, rejected or timed out before.",
)
TRANSACTION_WRONG_KIND = _declare(
    "transaction.wrong_kind",
    "unprocessable",
    "The transaction is not of the kind asked for.",
    "Approve awards under points and holds under redemptions.",
)
ORDER_ALREADY_RECORDED = _declare(
    "order.already_recorded",
    "conflict",
    "An order with this order_id was recorded before.",
    "Update the order; an order id earns once for ever.",
)
CAMPAIGN_NOT_FOUND = _declare(
    "campaign.not_found",
    "not_found",
    "The program has, and had, no campaign with this id.",
    "List the campaigns and use one of their ids.",
)
ORDER_NOT_FOUND = _declare(
    "order.not_found",
    "not_found",
    "The program has no order with this order_id.",
    "Record the order first.",
)
ORDER_ALREADY_RETURNED = _declare(
    "order.already_returned",
    "conflict",
    "The order was already returned in full.",
    "Nothing is left to return.",
)
ORDER_RETURN_TOO_LARGE = _declare(
    "order.return_too_large",
    "unprocessable",
    "More would come back than was bought.",
    "Return at most what the order still holds.",
)
ORDER_PRODUCT_UNKNOWN = _declare(
    "order.product_unknown",
    "unprocessable",
    "The order holds no product with this product_id.",
    "Return a product of the order.",
)
ORDER_AMOUNT_INVALID = _declare(
    "order.amount_invalid",
    "unprocessable",
    "An amount of the order is out of range.",
    "Send amounts of 0 or more, and below 10^13.",
)
ORDER_CURRENCY_UNKNOWN = _declare(
    "order.currency_unknown",
    "unprocessable",
    "The order is in a currency that the program has no rate for.",
    "Send the amounts in the program's currency, or add a rate under [orders].",
)
ORDER_CANCELLED = _declare(
    "order.cancelled",
    "conflict",
    "The order was cancelled, and nothing of it is left to come back.",
    "Record what was bought after all as a new order.",
)
INSTANT_IN_FUTURE = _declare(
    "instant.in_future",
    "unprocessable",
    "The instant lies after the program's clock.",
    "Send an instant of the past, or leave it out.",
)
INSTANT_TOO_OLD = _declare(
    "instant.too_old",
    "unprocessable",
    "The instant lies before 1900.",
    "Send the instant at which it really happened.",
)
REDEMPTION_TIMED_OUT = _declare(
    "redemption.timed_out",
    "conflict",
    "The hold was neither approved nor rejected in time.",
    "Redeem again; points and coupon went back.",
)
REDEMPTION_REJECTED = _declare(
    "redemption.rejected",
    "conflict",
    "The hold was rejected.",
    "Redeem again; points and coupon went back.",
)
REWARD_NOT_FOUND = _declare(
    "reward.not_found",
    "not_found",
    "The program defines no reward with this id.",
    "List the rewards and use one of their ids.",
)
REWARD_INACTIVE = _declare(
    "reward.inactive",
    "conflict",
    "The reward is switched off or outside its dates.",
    "Choose another reward, or change its dates in the program's definition.",
)
REWARD_NOT_ELIGIBLE = _declare(
    "reward.not_eligible",
    "conflict",
    "The member's tier or earned points do not open the reward.",
    "List the member's eligible rewards.",
)
REWARD_OUT_OF_STOCK = _declare(
    "reward.out_of_stock",
    "conflict",
    "Nothing is left of the reward.",
    "Raise its stock, or add codes to its pool.",
)
REWARD_LIMIT_REACHED = _declare(
    "reward.limit_reached",
    "conflict",
    "The member has redeemed it as often as the limit allows.",
    "Wait for the next period, or raise the limit.",
)
REWARD_POINTS_INVALID = _declare(
    "reward.points_invalid",
    "unprocessable",
    "The points do not fit the reward's price, step or most.",
    "Leave `points` out, or for a flexible amount send a multiple of its step within its bounds.",
)
COUPON_NOT_FOUND = _declare(
    "coupon.not_found",
    "not_found",
    "The program has issued no coupon with this code.",
    "Check the code.",
)
COUPON_ALREADY_USED = _declare(
    "coupon.already_used",
    "conflict",
    "The coupon was used before.",
    "A coupon is used once.",
)
COUPON_EXPIRED = _declare(
    "coupon.expired",
    "conflict",
    "The coupon has expired.",
    "Issue another one.",
)
COUPON_NOT_USED = _declare(
    "coupon.not_used",
    "conflict",
    "The coupon is not used, so it cannot come back.",
    "Read the coupon: it may come back only after it was used.",
)
COUPON_OF_ANOTHER = _declare(
    "coupon.of_another",
    "conflict",
    "The coupon belongs to somebody else.",
    "Use a coupon that this member was given.",
)
COUPON_MINIMUM_NOT_MET = _declare(
    "coupon.minimum_not_met",
    "conflict",
    "The cart is worth less than the coupon asks for.",
    "Use the coupon for a cart of at least its minimum_order_amount.",
)
COUPON_OFFER_NOT_FOUND = _declare(
    "coupon.offer_not_found",
    "not_found",
    "The program defines no coupon with this id.",
    "Use the id of one of the program's coupons, or describe the coupon in the request.",
)
COUPON_VALUE_INVALID = _declare(
    "coupon.value_invalid",
    "unprocessable",
    "The coupon has no value that fits its class, or comes from two places.",
    "Send either offer_id, or a name with a value: an amount above 0, or a percentage up to 100.",
)
COUPON_MERGED = _declare(
    "coupon.merged",
    "conflict",
    "The coupon was bought by a member who was merged into its owner, with points of their lots.",
    "Cancel it without a refund and award the points, or undo the merge first.",
)
COUPON_NOT_USABLE = _declare(
    "coupon.not_usable",
    "conflict",
    "The coupon is on hold, cancelled or released.",
    "Approve its redemption first, or issue another one.",
)
TIER_NOT_FOUND = _declare(
    "tier.not_found",
    "not_found",
    "The program defines no tier with this id.",
    "List the tiers and use one of their ids.",
)
OTP_TOO_OFTEN = _declare(
    "otp.too_often",
    "conflict",
    "The member asked for too many one-time passwords within an hour.",
    "Use the last one while it is valid, or ask again later.",
)
OTP_NOT_IN_FORCE = _declare(
    "otp.not_in_force",
    "conflict",
    "The member has no one-time password that is valid now.",
    "Ask for a new one.",
)
OTP_SPENT = _declare(
    "otp.spent",
    "conflict",
    "The one-time password was used, or tried too often.",
    "Ask for a new one.",
)
REFERRAL_INACTIVE = _declare(
    "referral.inactive",
    "conflict",
    "The program has no referrals.",
    "Set referrals.is_active in the program's definition.",
)
REFERRAL_CODE_UNKNOWN = _declare(
    "referral.code_unknown",
    "not_found",
    "No member has this referral code.",
    "Check the code, or ask the member for the link.",
)
REFERRAL_NOT_FOUND = _declare(
    "referral.not_found",
    "not_found",
    "The program has no referral with this id.",
    "Use the id from the claim's reply or from the list of referrals.",
)
REFERRAL_OWN_LINK = _declare(
    "referral.own_link",
    "conflict",
    "The friend is the member whose link it is.",
    "Share the link with somebody else.",
)
REFERRAL_FRIEND_IS_CUSTOMER = _declare(
    "referral.friend_is_customer",
    "conflict",
    "The friend has bought before.",
    "Refer somebody who is new.",
)
REFERRAL_FRIEND_TAKEN = _declare(
    "referral.friend_taken",
    "conflict",
    "The friend was referred before.",
    "Refer somebody else: a friend is referred once for ever.",
)
REFERRAL_EMAIL_DISPOSABLE = _declare(
    "referral.email_disposable",
    "conflict",
    "The e-mail address is of a throw-away service.",
    "Give an address that lasts.",
)
REFERRAL_CLAIMS_LIMIT_REACHED = _declare(
    "referral.claims_limit_reached",
    "conflict",
    "As many friends have claimed by this link as the limit allows.",
    "Wait for the next period, or raise referrals.claims_limit.",
)
REFERRAL_LIMIT_REACHED = _declare(
    "referral.limit_reached",
    "conflict",
    "As many referrals have paid the referrer as the limit allows.",
    "Wait for the next period, or raise referrals.limit.",
)
REFERRAL_CLAIM_EXPIRED = _declare(
    "referral.claim_expired",
    "conflict",
    "The friend's first qualifying activity came too late.",
    "Raise referrals.claim_days to give friends more time.",
)
REFERRAL_NOT_OPEN = _declare(
    "referral.not_open",
    "conflict",
    "The referral is completed or refused.",
    "Read the referral: it is settled once.",
)
REFERRAL_FRIEND_ENROLLED = _declare(
    "referral.friend_enrolled",
    "conflict",
    "The friend is a member, whose own activities complete the referral.",
    "Award the activity to the friend, or record their order.",
)
REFERRAL_ACTIVITY_DOES_NOT_COUNT = _declare(
    "referral.activity_does_not_count",
    "unprocessable",
    "The activity completes no referral, or is set off by orders.",
    "Name an activity of referrals.completed_by; record an order as an order.",
)
REFERRAL_CHANNEL_NEEDS_FRIENDS = _declare(
    "referral.channel_needs_friends",
    "unprocessable",
    "A share by e-mail names the friends, and another channel names none.",
    "Send friend_emails with the channel email, and only with it.",
)
CLOCK_IS_REAL = _declare(
    "clock.is_real",
    "conflict",
    "The program lives on real time, which nobody can move.",
    "Create the program with a test clock.",
)
CLOCK_BACKWARDS = _declare(
    "clock.backwards",
    "unprocessable",
    "A test clock only moves forward.",
    "Advance to an instant after the clock's own.",
)
ENDPOINT_IS_DISABLED = _declare(
    "endpoint.is_disabled",
    "conflict",
    "The endpoint is disabled: nothing is sent to it.",
    "Activate the endpoint first; that brings what it missed.",
)
ENDPOINT_IS_CATCHING_UP = _declare(
    "endpoint.is_catching_up",
    "conflict",
    "The endpoint is being brought what it missed while it was disabled.",
    "Wait until its backfill is finished, or cancel it.",
)
REPLAY_IS_OVER = _declare(
    "replay.is_over",
    "conflict",
    "The replay is finished or was cancelled.",
    "Start another one.",
)
REPLAY_TOO_MANY = _declare(
    "replay.too_many",
    "conflict",
    "The endpoint has as many open replays as it may have.",
    "Wait until one of them is finished, or cancel one.",
)
DELIVERY_NOT_SETTLED = _declare(
    "delivery.not_settled",
    "conflict",
    "The delivery is still on its way: it will be sent, or sent again, by itself.",
    "Wait until it was received or has failed; resume the endpoint to have it tried at once.",
)
FACT_EXPIRED = _declare(
    "fact.expired",
    "conflict",
    "What the fact says is not kept any more.",
    "Read the member anew; retention.facts_days says how long it is kept.",
)
IDEMPOTENCY_ANSWER_ERASED = _declare(
    "idempotency.answer_erased",
    "conflict",
    "The request was answered before; the answer was erased with the member whom it named.",
    "Send no more requests about the member: they were deleted.",
)
IDEMPOTENCY_KEY_REUSED = _declare(
    "idempotency.key_reused",
    "unprocessable",
    "The Idempotency-Key was used before with another request.",
    "Send a new key with a new request.",
)
REVIEW_NOT_FOUND = _declare(
    "review.not_found",
    "not_found",
    "The program has no review with this id.",
    "Check the id.",
)
REVIEW_NOT_PENDING = _declare(
    "review.not_pending",
    "conflict",
    "The review was approved or rejected before.",
    "A review is moderated once.",
)
REVIEW_NOT_PURCHASED = _declare(
    "review.not_purchased",
    "unprocessable",
    "The order is not one by which the reviewer bought and kept the product.",
    "Name an order of the reviewer that has the product.",
)
REVIEW_GUESTS_REFUSED = _declare(
    "review.guests_refused",
    "unprocessable",
    "The program takes reviews of members only.",
    "Enrol the reviewer first, or set reviews.guests.",
)
