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
    "The order is in another currency than the program.",
    "Send the amounts in the program's currency.",
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
IDEMPOTENCY_KEY_REUSED = _declare(
    "idempotency.key_reused",
    "unprocessable",
    "The Idempotency-Key was used before with another request.",
    "Send a new key with a new request.",
)
