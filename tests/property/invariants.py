"""What must hold of every change and of everything together, whatever the commands were.

Source: the ledger's invariants; each check names the number that it had there.
"""

from collections import defaultdict

from stampbook.core.draft import Changes
from stampbook.core.entries import Entry
from stampbook.facts import Fact
from stampbook.nouns.lot import Lot
from stampbook.nouns.member import Balances
from tests.property.harness import Harness

RAISES = {"award", "approve", "release", "refund", "transfer_in"}
LOWERS = {"hold", "redeem", "deduct", "expire", "transfer_out"}
STATED_BY = {
    "pend": "points.pended",
    "award": "points.earned",
    "approve": "points.earned",
    "reject": "points.rejected",
    "redeem": "points.redeemed",
    "capture": "points.redeemed",
    "deduct": "points.deducted",
    "expire": "points.expired",
}
BUCKETS = ("available", "pending", "held", "redeemed", "deducted", "expired", "rejected")


def check(harness: Harness) -> None:
    """Check all that was ever done."""
    everything = harness.everything
    check_balances(harness)
    check_running_sums(everything)
    check_lots(harness)
    check_facts(everything)
    check_stock(harness)


def check_balances(harness: Harness) -> None:
    """I1, I4 and I12, of each member and of the program."""
    allows_debt = harness.state.program.definition.points.clawback == "allow_debt"
    for book in harness.state.books.values():
        balances = book.member.balances
        assert balances.available == sum(lot.remaining for lot in book.lots.values()) - (
            balances.debt
        )
        assert balances.held == sum(lot.held for lot in book.lots.values())
        assert balances.held == sum(hold.points for hold in book.holds.values())
        assert balances.pending == sum(award.points for award in book.pending.values())
        assert balances.issued == sum(getattr(balances, bucket) for bucket in BUCKETS)
        assert balances.debt >= 0
        assert allows_debt or not balances.debt
        assert balances.available >= -balances.debt
        assert all(getattr(balances, bucket) >= 0 for bucket in BUCKETS[1:])
        assert set(book.holds) == {
            key
            for key, transaction in harness.state.transactions.items()
            if transaction.kind == "redeem"
            and transaction.status == "pending"
            and transaction.member_id == book.member.member_id
        }


def check_running_sums(everything: Changes) -> None:
    """I3, I5 and I10: each entry is the one before it and its own points; lots pay all of it."""
    available: dict[str, int] = defaultdict(int)
    for entry in everything.entries:
        assert entry.points >= 0
        available[entry.member] += effect(entry)
        assert entry.available_after == available[entry.member], entry
        assert sum(entry.moves.values()) == lot_effect(entry), entry


def effect(entry: Entry) -> int:
    """Give what an entry does to what is available."""
    return entry.points * ((entry.kind in RAISES) - (entry.kind in LOWERS))


def lot_effect(entry: Entry) -> int:
    """Give what an entry does to the lots: debt is not in them."""
    if entry.kind == "repay":
        return -entry.points
    return effect(entry) + (entry.debt if entry.kind == "deduct" else 0)


def check_lots(harness: Harness) -> None:
    """I2, and each lot is the sum of its moves."""
    remaining: dict[str, int] = defaultdict(int)
    for entry in harness.everything.entries:
        for lot, points in entry.moves.items():
            remaining[lot] += points
    for lot_id, (_, lot) in harness.everything.lots.items():
        assert lot.remaining == remaining[lot_id], lot
        assert lot.remaining >= 0
        assert lot.held >= 0
        assert lot.remaining + lot.held <= lot.points
    for book in harness.state.books.values():
        for lot in book.lots.values():
            assert is_open(lot), lot


def is_open(lot: Lot) -> bool:
    return lot.remaining > 0 or lot.held > 0


def check_facts(everything: Changes) -> None:
    """I8, I11: sequences have no gaps, entries their fact, facts the balances of their moment."""
    sequences: dict[str, int] = defaultdict(int)
    for fact in everything.facts:
        sequences[fact.member] += 1
        assert fact.data.sequence == sequences[fact.member], fact
    stated = {(fact.type, subject_of(fact)) for fact in everything.facts}
    for entry in everything.entries:
        if entry.kind in STATED_BY:
            assert (STATED_BY[entry.kind], entry.transaction_id) in stated, entry
    check_members_of_facts(everything)


def subject_of(fact: Fact) -> str | None:
    transaction = getattr(fact.data, "transaction", None)
    if transaction is not None:
        return transaction.id
    lot = getattr(fact.data, "lot", None)
    return lot.transaction_id if lot is not None else None


def check_members_of_facts(everything: Changes) -> None:
    """A fact holds its member right after it: the balances that the entries before it add up to."""
    after: dict[str, int] = defaultdict(int)
    rows = sorted([*everything.entries, *everything.facts], key=lambda row: row.id)
    for row in rows:
        if isinstance(row, Entry):
            after[row.member] = row.available_after
        else:
            balances: Balances = row.data.member.balances
            assert balances.available == after[row.member], row


def check_stock(harness: Harness) -> None:
    """I19, and no code is in a pool and in somebody's hands."""
    for reward in harness.state.program.definition.rewards:
        redeemed = harness.state.redeemed.get(reward.id, 0)
        assert redeemed >= 0
        assert reward.stock is None or redeemed <= reward.stock
    given = {code for book in harness.state.books.values() for code in book.coupons}
    for codes in harness.state.codes.values():
        assert not given.intersection(codes)
        assert len(set(codes)) == len(codes)


def check_refusal(before: Changes, after: Changes) -> None:
    """I13: beside what fell due anyway, a refusal leaves one fact at the most."""
    for name in before.__slots__:
        if name not in {"facts", "members"}:
            assert len(getattr(before, name)) == len(getattr(after, name)), name
    extra = after.facts[len(before.facts) :]
    assert len(extra) <= 1
    assert all(fact.type.endswith(".refused") for fact in extra)
