"""Audit: what the ledger of a member says against what is kept beside it. Pure.

Source: ledger invariants: nothing is lost between the buckets, lots are what their moves make them,
each line of the ledger has its fact, and sequences have no gap.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from stampbook.core.counters import Counters
from stampbook.core.entries import Entry, EntryKind, moved
from stampbook.nouns.lot import Lot
from stampbook.nouns.member import Balances, Member
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import LotId, TransactionId

BUCKETS = ("available", "pending", "held", "redeemed", "deducted", "expired", "rejected")

INTO_LOTS: dict[EntryKind, int] = {
    "award": 1,
    "approve": 1,
    "release": 1,
    "refund": 1,
    "hold": -1,
    "redeem": -1,
    "expire": -1,
    "repay": -1,
    "deduct": -1,
    "pend": 0,
    "reject": 0,
    "capture": 0,
    "disqualify": 0,
    "transfer_in": 1,
    "transfer_out": -1,
    "pend_in": 0,
    "pend_out": 0,
    "coupon": 0,
}
"""Which way an entry moves its points, less the debt that it makes."""

TOLD_BY: dict[str, tuple[EntryKind, ...]] = {
    "points.pended": ("pend",),
    "points.earned": ("award", "approve"),
    "points.rejected": ("reject",),
    "points.redeemed": ("redeem", "capture"),
    "points.deducted": ("deduct",),
    "points.expired": ("expire",),
}
"""Each fact of points, and the entries of which it tells one."""

TIER_MOVES = ("tier.upgraded", "tier.downgraded")


class Told(Struct, frozen=True, kw_only=True):
    """What an audit needs of a fact; `to_tier` is set where a tier was reached and that is kept."""

    type: str
    sequence: int
    to_tier: str | None = None


class Record(Struct, frozen=True, kw_only=True):
    """All that is stored of a member. Shapes: everything in the order in which it happened."""

    member: Member
    counters: Counters
    lots: Sequence[Lot]
    transactions: Sequence[Transaction]
    entries: Sequence[Entry]
    facts: Sequence[Told]


class Finding(Struct, frozen=True):
    """Something that is not what it should be."""

    what: str
    expected: str
    found: str


def audit(record: Record) -> list[Finding]:
    """Compare all that can be worked out about a member with what is stored."""
    pairs = (
        *_balances(record),
        *_lots(record),
        *_moves(record),
        *_transactions(record),
        *_facts(record),
    )
    return [
        Finding(what, str(expected), str(found))
        for what, expected, found in pairs
        if expected != found
    ]


Pair = tuple[str, Any, Any]


def _balances(record: Record) -> Iterator[Pair]:
    balances = Balances()
    for entry in record.entries:
        balances = moved(balances, entry.kind, entry.points, entry.debt)
        yield f"entry {entry.id}: available_after", balances.available, entry.available_after
    kept = record.member.balances
    for field in Balances.__struct_fields__:
        yield f"balances.{field}", getattr(balances, field), getattr(kept, field)
    yield "balances: the sum of the buckets", kept.issued, sum(getattr(kept, b) for b in BUCKETS)
    pending = _points(record.transactions, "award")
    held = _points(record.transactions, "redeem")
    yield "balances.pending: the pending awards", pending, kept.pending
    yield "balances.held: the holds", held, kept.held
    left = sum(lot.remaining for lot in record.lots) - kept.debt
    yield "balances.available: the lots less the debt", left, kept.available


def _points(transactions: Iterable[Transaction], kind: str) -> int:
    return sum(
        each.points for each in transactions if (each.kind, each.status) == (kind, "pending")
    )


def _lots(record: Record) -> Iterator[Pair]:
    remaining: Counter[LotId] = Counter()
    for entry in record.entries:
        remaining.update(entry.moves)
    held: Counter[LotId] = Counter()
    for transaction in record.transactions:
        if (transaction.kind, transaction.status) == ("redeem", "pending"):
            for share in transaction.paid:
                held[share.lot_id] += share.points
    for lot in record.lots:
        yield f"lot {lot.id}: remaining", remaining[lot.id], lot.remaining
        yield f"lot {lot.id}: held", held[lot.id], lot.held
        within = min(lot.remaining, lot.held) >= 0 and lot.remaining + lot.held <= lot.points
        yield f"lot {lot.id}: within its points", True, within
    known = {lot.id for lot in record.lots}
    yield "lot moves of unknown lots", [], sorted(remaining.keys() - known)


def _moves(record: Record) -> Iterator[Pair]:
    for entry in record.entries:
        expected = INTO_LOTS[entry.kind] * (entry.points - max(entry.debt, 0))
        yield f"entry {entry.id}: its lot moves", expected, sum(entry.moves.values())


def _transactions(record: Record) -> Iterator[Pair]:
    known: set[TransactionId] = {each.id for each in record.transactions}
    named = {entry.transaction_id for entry in record.entries}
    left = {entry.transaction_id for entry in record.entries if entry.kind == "pend_out"}
    yield "entries of unknown transactions", [], sorted(named - known - left)


def _facts(record: Record) -> Iterator[Pair]:
    yield "facts: the last sequence", len(record.facts), record.counters.sequence
    gapless = all(fact.sequence == place for place, fact in enumerate(record.facts, start=1))
    yield "facts: sequences without a gap", True, gapless
    told = Counter(fact.type for fact in record.facts)
    entered = Counter(entry.kind for entry in record.entries)
    for name, kinds in TOLD_BY.items():
        yield f"facts: {name}", sum(entered[kind] for kind in kinds), told[name]
    moves = [fact.to_tier for fact in record.facts if fact.type in TIER_MOVES]
    if moves and moves[-1] is not None and record.member.tier is not None:
        yield "tier: the last move", moves[-1], record.member.tier.tier_id
