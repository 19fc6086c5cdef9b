"""What the engine says of a member, and what the model says, side by side."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from stampbook.core.book import Book
from stampbook.core.draft import Changes
from stampbook.facts import Fact
from stampbook.nouns.transaction import Transaction
from tests.model.picture import Picture

COMPARED_FACTS = (
    "points.pended",
    "points.earned",
    "points.rejected",
    "points.redeemed",
    "points.deducted",
    "points.expired",
    "tier.upgraded",
    "tier.downgraded",
    "tier.renewed",
    "coupon.issued",
    "coupon.updated",
    "order.recorded",
    "order.updated",
)


class Handles:
    """Which transaction of the engine is which of the model."""

    def __init__(self) -> None:
        self.to_id: dict[int, str] = {}
        self.to_handle: dict[str, int] = {}

    def learn(self, made: list[int], changes: Changes) -> None:
        """Pair the new transactions of a command with the model's, in the order of making."""
        new = sorted(key for key in changes.transactions if key not in self.to_handle)
        assert len(new) == len(made), (new, made)
        for handle, key in zip(made, new, strict=True):
            self.to_id[handle] = key
            self.to_handle[key] = handle


def seen(book: Book, transactions: Iterable[Transaction], handles: Handles) -> dict[str, Any]:
    """Give what the engine says of a member."""
    balances = book.member.balances
    standing = book.member.tier
    return {
        "balances": {
            name: getattr(balances, name)
            for name in (
                "issued",
                "available",
                "pending",
                "held",
                "redeemed",
                "deducted",
                "expired",
                "rejected",
                "earned",
                "debt",
            )
        },
        "lots": sorted(
            (
                handles.to_handle[lot.transaction_id],
                lot.points,
                lot.remaining,
                lot.held,
                lot.opened_at,
                lot.expires_at,
            )
            for lot in book.lots.values()
        ),
        "transactions": sorted(
            (handles.to_handle[one.id], one.status, one.points, one.returned_points)
            for one in transactions
        ),
        "paid": sorted(
            (handles.to_handle[one.id], [share.points for share in one.paid])
            for one in transactions
            if one.kind != "award"
        ),
        "tier": standing
        and (
            standing.tier_id,
            standing.qualified_points,
            standing.qualified_spend,
            standing.overridden,
        ),
        "period": standing and standing.period_end,
    }


def expected(picture: Picture) -> dict[str, Any]:
    """Give what the model says of a member."""
    standing = picture.standing
    lots = [lot for lot in picture.lots if lot.left or lot.held]
    assert picture.balance("available") == picture.available
    return {
        "balances": {
            "issued": picture.issued,
            "available": picture.available,
            **{
                name: picture.balance(name)
                for name in ("pending", "held", "redeemed", "deducted", "expired", "rejected")
            },
            "earned": picture.earned,
            "debt": picture.debt,
        },
        "lots": sorted(
            (lot.award, lot.points, lot.left, lot.held, lot.opened, lot.expires) for lot in lots
        ),
        "transactions": sorted(
            [
                *((a.handle, a.status, a.points, a.returned) for a in picture.awards.values()),
                *((s.handle, s.status, s.points, 0) for s in picture.spendings.values()),
            ]
        ),
        "paid": sorted(
            (spending.handle, [share for _, share in spending.shares])
            for spending in picture.spendings.values()
        ),
        "tier": standing
        and (
            standing.level.id,
            picture.qualified,
            picture.qualified_spend,
            standing.overridden,
        ),
        "period": standing and standing.end,
    }


def facts_of(facts: Iterable[Fact], member: str) -> Counter[str]:
    """Count a member's facts of the kinds that the model speaks of."""
    return Counter(
        fact.type for fact in facts if fact.member == member and fact.type in COMPARED_FACTS
    )
