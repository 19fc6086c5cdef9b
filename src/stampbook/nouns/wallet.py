"""A wallet: the vendor's view of a member's points, as transactions that add or take coins."""

import hashlib
from typing import Any, Literal

from stampbook.nouns.lot import Lot
from stampbook.nouns.member import Balances, Member, name_of
from stampbook.nouns.transaction import Transaction, TransactionKind, TransactionStatus
from stampbook.values.instants import Instant, to_ms
from stampbook.values.marks import Defined, Own
from stampbook.values.uuids import uuid_of

WalletStatus = Literal["pending", "success", "failed"]

HASH_DIGITS = 40

NECTOR_TYPES: dict[TransactionKind, str] = {
    "award": "reward",
    "coupon_award": "reward",
    "redeem": "redeem",
    "deduct": "deduct",
}
NECTOR_TITLES: dict[TransactionKind, str] = {
    "award": "Reward",
    "coupon_award": "Coupon",
    "redeem": "Redemption",
    "deduct": "Deduction",
}
"""Where neither an activity nor a reward names it."""
NECTOR_STATUSES: dict[TransactionStatus, WalletStatus] = {
    "pending": "pending",
    "rejected": "failed",
}
"""What the vendor calls statuses; any other is a success."""


def nector_operation(kind: TransactionKind) -> str:
    """Say whether a transaction adds coins or takes them."""
    return "cr" if kind in {"award", "coupon_award"} else "dr"


def nector_hash(*parts: object) -> str:
    """Give the 40 hex digits that are one transaction's alone."""
    return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()[:HASH_DIGITS]


def nector_totals(balances: Balances) -> dict[str, int]:
    """Spell balances: what came in, what went out, and the difference.

    Units: points. What is on hold has gone out; what comes back has not.
    """
    return {
        "closing_balance": balances.available,
        "consolidated_cr": balances.earned,
        "consolidated_dr": balances.earned - balances.available,
    }


def nector_transaction(transaction: Transaction, member: Member) -> dict[str, Any]:
    """Spell an award, a redemption or a deduction of a member, who is as right after it.

    Source: contract section 4.
    """
    kind, activity = transaction.kind, transaction.activity_id
    reason = transaction.attributes.get("reason")
    return {
        "entity_id": uuid_of(transaction.id),
        "lead_id": uuid_of(member.id),
        "activity_id": activity and Defined("activity", activity),
        "title": transaction.activity_name or transaction.reward_name or NECTOR_TITLES[kind],
        "description": reason if isinstance(reason, str) else None,
        "amount": transaction.points,
        **nector_totals(member.balances),
        "hash": nector_hash(transaction.id),
        "meta__lead_name": name_of(member),
        "operation": nector_operation(kind),
        "type": NECTOR_TYPES[kind],
        "status": NECTOR_STATUSES.get(transaction.status, "success"),
        "updated_at": transaction.modified_at,
        "created_at": transaction.created_at,
    }


def nector_expiry(lot: Lot, points: int, at: Instant, member: Member) -> dict[str, Any]:
    """Spell the expiry of a lot: a transaction of its own, whose id is that of the lot."""
    return {
        "entity_id": uuid_of(lot.id),
        "lead_id": uuid_of(member.id),
        "activity_id": lot.activity_id and Defined("activity", lot.activity_id),
        "title": "Expiry",
        "description": None,
        "amount": points,
        **nector_totals(member.balances),
        "hash": nector_hash(lot.transaction_id, "expired", to_ms(at)),
        "meta__lead_name": name_of(member),
        "operation": "dr",
        "type": "expiry",
        "status": "success",
        "updated_at": at,
        "created_at": at,
    }


def nector_unused(points: int, member: Member, sequence: int) -> dict[str, Any]:
    """Spell a balance that nobody touches: a reminder that reads like a transaction."""
    return {
        "entity_id": Own.ID,
        "lead_id": uuid_of(member.id),
        "activity_id": None,
        "title": "Unused",
        "description": None,
        "amount": points,
        **nector_totals(member.balances),
        "hash": nector_hash(member.id, sequence),
        "meta__lead_name": name_of(member),
        "operation": "cr",
        "type": "reminder",
        "status": "success",
        "updated_at": Own.AT,
        "created_at": Own.AT,
    }
