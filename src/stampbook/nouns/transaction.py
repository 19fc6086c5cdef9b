"""A transaction: what a person would name of the ledger: an award, a redemption, a deduction."""

from typing import Any, Literal

from msgspec import Struct

from stampbook.nouns.lot import SYSTEM, Approver, LotShare
from stampbook.values.ids import LotId, TransactionId
from stampbook.values.instants import Instant

TransactionKind = Literal[
    "award",
    "coupon_award",  # a coupon in place of points
    "redeem",
    "deduct",
    "transfer",  # points that moved to or from another member with a merge
]
TransactionStatus = Literal[
    "pending",  # an award in moderation, a redemption on hold
    "approved",  # an award that opened its lot
    "rejected",  # an award or a hold that was turned down, or a hold that timed out
    "redeemed",
    "refunded",  # a redemption whose points went back
    "deducted",
    "transferred",
]

RECEIPT_ACTIVITY = "submit_a_receipt"


class Transaction(Struct, frozen=True, kw_only=True):
    """An award, a redemption or a deduction, as it stands now."""

    id: TransactionId
    member_id: str
    kind: TransactionKind
    status: TransactionStatus
    points: int
    asked: int | None = None
    """How many points the caller named, where a number was named."""
    created_at: Instant
    modified_at: Instant
    approved_at: Instant | None = None
    approver: Approver = SYSTEM
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
    lot_id: LotId | None = None
    expires_at: Instant | None = None
    """When the award's points expire; of a pending award: not known before approval."""
    auto_approval_at: Instant | None = None
    hold_expires_at: Instant | None = None
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


def _attributes(received: dict[str, Any]) -> dict[str, Any]:
    """Give the attributes as received, with `tags` as the list that they always are."""
    tags = received.get("tags")
    if isinstance(tags, (list, tuple)):
        return received
    return {**received, "tags": [] if tags is None or tags == "" else [tags]}


def _transaction(transaction: Transaction, status_info: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": transaction.id,
        "transaction_type": transaction.kind,
        "member_id": transaction.member_id,
        "transaction_attributes": _attributes(transaction.attributes),
        "approver_details": {
            "approver_id": transaction.approver.id,
            "approver_name": transaction.approver.name,
        },
        "approved_date": transaction.approved_at or "",
        "last_modified_date": transaction.modified_at,
        "created_date": transaction.created_at,
        **status_info,
    }


def zinrelo_award(transaction: Transaction) -> dict[str, Any]:
    """Spell an award as `transaction_info`; unset dates are empty texts.

    Source: contract section 3.
    """
    words = _transaction(
        transaction,
        {
            "award_info": {
                "activity_id": transaction.activity_id,
                "activity_name": transaction.activity_name,
                "points_status": transaction.status,
                "points": transaction.points,
            },
            "points_expiration_date": transaction.expires_at or "",
            "auto_approval_date": transaction.auto_approval_at or "",
        },
    )
    if transaction.activity_id == RECEIPT_ACTIVITY:
        words["additional_data"] = transaction.additional_data
    return words


def zinrelo_coupon_award(transaction: Transaction) -> dict[str, Any]:
    """Spell a coupon that an activity gave as `transaction_info`.

    Source: contract section 3.
    """
    award_info = {
        "coupon_code": transaction.coupon_code,
        "activity_id": transaction.activity_id,
        "activity_name": transaction.activity_name,
        "points_status": transaction.status,
        "points": 0,
    }
    return _transaction(transaction, {"award_info": award_info})


def zinrelo_redemption(transaction: Transaction) -> dict[str, Any]:
    """Spell a redemption as `transaction_info`."""
    reward_info = {
        "reward_id": transaction.reward_id,
        "reward_name": transaction.reward_name,
        "points_status": transaction.status,
        "points": transaction.points,
        "coupon_code": transaction.coupon_code,
        "reward_link": transaction.reward_link,
    }
    return _transaction(transaction, {"reward_info": reward_info})


def zinrelo_deduction(transaction: Transaction) -> dict[str, Any]:
    """Spell a deduction as `transaction_info`."""
    deduct_info = {"points_status": transaction.status, "points": transaction.points}
    return _transaction(transaction, {"deduct_info": deduct_info})
