"""Verify: everything that is kept is worked out again from the ledger and compared.

Shapes: streams over the members in a snapshot, so it can look at a database that is at work.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from stampbook.core.audit import Finding, Record, Told, audit
from stampbook.core.counters import Counters
from stampbook.core.entries import Entry
from stampbook.nouns.lot import Lot
from stampbook.nouns.member import Member
from stampbook.nouns.transaction import Transaction
from stampbook.store.backend import POSITION_BITS, Row, Unit
from stampbook.store.retention import Kept, kept
from stampbook.store.subscriptions import subscription
from stampbook.values.ids import EndpointId, LotId, MemberId, ProgramId
from stampbook.values.instants import from_ms
from stampbook.values.json import decode

MEMBERS_AT_A_TIME = 200

MEMBERS = """
SELECT id, member_id, available, status, open_lots, body, counters FROM member
WHERE program_id = ? AND id > ? ORDER BY id LIMIT ?
"""
OF_MEMBERS = "WHERE program_id = ? AND member IN (?*)"
LOTS = """
SELECT member, remaining, held, is_open, body FROM lot
WHERE program_id = ? AND id IN (?*) ORDER BY id
"""
TRANSACTIONS = f"""
SELECT member, status, body FROM points_transaction
WHERE (program_id, id) IN (SELECT program_id, transaction_id FROM entry {OF_MEMBERS}) ORDER BY id
"""
UNWRITTEN = """
SELECT id FROM {table} AS written WHERE program_id = ? AND NOT EXISTS (
    SELECT 1 FROM entry WHERE program_id = written.program_id AND member = written.member
    AND transaction_id = written.{transaction})
ORDER BY id
"""
LEDGER = {
    "transaction": UNWRITTEN.format(table="points_transaction", transaction="id"),
    "lot": UNWRITTEN.format(table="lot", transaction="transaction_id"),
}
"""What is found by entries, and the query of those that no entry finds."""
ENTRIES = f"""
SELECT member, id, transaction_id, kind, points, debt, qualified, at_ms, available_after,
    command_id, moves
FROM entry {OF_MEMBERS} ORDER BY position, id
"""
FACTS = f"""
SELECT member, id, type, sequence, position, recorded_at_ms, deliveries, body
FROM fact {OF_MEMBERS} ORDER BY sequence
"""
DELIVERIES = """
SELECT d.fact_id, d.endpoint_id, d.replay_id FROM delivery d
JOIN fact f ON f.program_id = d.program_id AND f.id = d.fact_id
WHERE f.program_id = ? AND f.member IN (?*)
"""
ENDPOINTS = """
SELECT id, dialect, event_types, updated_at_ms FROM endpoint
WHERE program_id = ? AND status = 'active' AND backfill IS NULL
"""
COUNTS = "SELECT reward_id, redeemed FROM reward_count WHERE program_id = ?"
POOL = """
SELECT p.code, p.coupon_id, c.id FROM pool_code p
LEFT JOIN coupon c ON c.program_id = p.program_id AND c.code = p.code
WHERE p.program_id = ? AND p.coupon_id IS NOT NULL AND (c.id IS NULL OR c.id <> p.coupon_id)
"""
AHEAD = f"""
SELECT max(position) FROM fact WHERE program_id = ? AND position >= (
    (pg_snapshot_xmax(pg_current_snapshot())::text::bigint
     + (SELECT epoch FROM program WHERE id = ?)) << {POSITION_BITS})
"""
"""PostgreSQL only: a position that no transaction of this cluster can have written."""


class Difference(Struct, frozen=True, kw_only=True):
    """Something that is kept and is not what the ledger says. `member` is the merchant's key."""

    program: ProgramId
    what: str
    member: str | None
    expected: str
    found: str


class Verified(Struct, kw_only=True):
    """How much was looked at; it grows while `verify` runs."""

    members: int = 0
    entries: int = 0
    facts: int = 0


class _Body(Struct, frozen=True):
    """What is read of a fact's body."""

    sequence: int
    to_tier: str | None = None


class _Sent(Struct, frozen=True):
    """The endpoints that have a delivery of a fact: due by the fact itself, or in any way."""

    due: set[EndpointId] = set()
    all: set[EndpointId] = set()


class _Watch(Struct, frozen=True):
    """An active endpoint: what it is sent since when."""

    endpoint_id: EndpointId
    facts: frozenset[str]
    since_ms: int


def verify(unit: Unit, program_id: ProgramId, seen: Verified | None = None) -> Iterator[Difference]:
    """Give all differences of a program; nothing when it is sound."""
    counted = seen or Verified()
    redeemed: Counter[str] = Counter()
    watches = [
        _Watch(endpoint_id, subscription(endpoint_id, dialect, types).facts, since_ms)
        for endpoint_id, dialect, types, since_ms in unit.rows(ENDPOINTS, (program_id,))
    ]
    still = kept(unit, program_id)
    last = ""
    while rows := unit.rows(MEMBERS, (program_id, last, MEMBERS_AT_A_TIME)):
        last = rows[-1][0]
        yield from _members(unit, program_id, rows, watches, still, redeemed, counted)
    yield from _rewards(unit, program_id, redeemed)
    for what, query in LEDGER.items():
        for (unwritten,) in unit.rows(query, (program_id,)):
            finding = Finding(f"{what} {unwritten}: its entries", "at least one", "none")
            yield _difference(program_id, None, finding)
    if unit.dialect.name == "postgresql":
        [(ahead,)] = unit.rows(AHEAD, (program_id, program_id))
        if ahead is not None:
            finding = Finding(
                "facts: written after now", "none; migrate after a restore", str(ahead)
            )
            yield _difference(program_id, None, finding)


def _members(
    unit: Unit,
    program_id: ProgramId,
    members: Sequence[Row],
    watches: Sequence[_Watch],
    still: Kept,
    redeemed: Counter[str],
    counted: Verified,
) -> Iterator[Difference]:
    ids = [row[0] for row in members]
    queries = (TRANSACTIONS, ENTRIES, FACTS, DELIVERIES)
    *found, delivered = unit.gather([(sql, (program_id, ids)) for sql in queries])
    transactions, written, facts = (_by_member(rows) for rows in found)
    entries = {member: [_entry(row) for row in rows] for member, rows in written.items()}
    moved = {lot for some in entries.values() for entry in some for lot in entry.moves}
    lots = _by_member(unit.rows(LOTS, (program_id, sorted(moved))))
    sent: dict[str, _Sent] = defaultdict(_Sent)
    for fact_id, endpoint_id, replay_id in delivered:
        sent[fact_id].all.add(endpoint_id)
        if replay_id is None:
            sent[fact_id].due.add(endpoint_id)
    for member, member_id, available, status, open_lots, body, counters in members:
        record = Record(
            member=decode(body, Member),
            counters=decode(counters, Counters),
            lots=[decode(row[-1], Lot) for row in lots[member]],
            transactions=[decode(row[-1], Transaction) for row in transactions[member]],
            entries=entries.get(member, []),
            facts=[_told(row) for row in facts[member]],
        )
        counted.members += 1
        counted.entries += len(record.entries)
        counted.facts += len(record.facts)
        redeemed.update(
            each.reward_id or ""
            for each in record.transactions
            if each.kind == "redeem" and each.status != "rejected"
        )
        findings = (
            *audit(record),
            *_columns(
                record,
                (available, status, decode(open_lots, list[LotId])),
                lots[member],
                transactions[member],
            ),
            *_bodies(facts[member], still),
            *_deliveries(facts[member], sent, watches, still),
        )
        for finding in findings:
            yield _difference(program_id, member_id, finding)


def _by_member(rows: Sequence[Row]) -> dict[MemberId, list[Row]]:
    found: dict[MemberId, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _columns(
    record: Record, columns: Row, lots: Sequence[Row], transactions: Sequence[Row]
) -> Iterator[Finding]:
    """Compare the columns that are searched with the records that they come from."""
    member = record.member
    open_lots = [lot.id for lot in record.lots if lot.remaining + lot.held > 0]
    expected = (member.balances.available, member.status, open_lots)
    kept = [
        ("member: columns", expected, columns),
        *(
            (
                f"lot {lot.id}: columns",
                (lot.remaining, lot.held, lot.remaining + lot.held > 0),
                (row[1], row[2], bool(row[3])),
            )
            for lot, row in zip(record.lots, lots, strict=True)
        ),
        *(
            (f"transaction {one.id}: column", one.status, row[1])
            for one, row in zip(record.transactions, transactions, strict=True)
        ),
    ]
    for what, expected, found in kept:
        if expected != found:
            yield Finding(what, str(expected), str(found))


def _bodies(facts: Sequence[Row], still: Kept) -> Iterator[Finding]:
    """Compare each fact's sequence with its body's; one that has had its time has no body."""
    before = 0
    for _, fact_id, _, sequence, position, _, _, body in facts:
        if body:
            if decode(body, _Body).sequence != sequence:
                yield Finding(f"fact {fact_id}: the sequence in its body", str(sequence), body[:80])
        elif fact_id >= still.facts_from:
            yield Finding(f"fact {fact_id}: its body", "kept", "none")
        if position <= before:
            yield Finding(f"fact {fact_id}: position", f"over {before}", str(position))
        before = position


def _deliveries(
    facts: Sequence[Row], sent: Mapping[str, _Sent], watches: Sequence[_Watch], still: Kept
) -> Iterator[Finding]:
    """Compare what was due with what is queued.

    Shapes: a fact stored without webhooks is due to nobody, and what a replay made is due by no
    fact. Of an old fact, whose deliveries may have had their time, there may be fewer; and one that
    has had its time is brought to nobody any more.
    """
    for _, fact_id, kind, _, _, recorded_ms, due, body in facts:
        queued, is_kept = len(sent[fact_id].due), fact_id >= still.log_from
        if queued > max(due, 0) or (is_kept and queued < due):
            yield Finding(f"fact {fact_id}: deliveries", str(max(due, 0)), str(queued))
        is_expired = not body and fact_id < still.facts_from
        for watch in watches if is_kept and not is_expired else ():
            wanted = due > 0 and kind in watch.facts and watch.since_ms < recorded_ms
            if wanted and watch.endpoint_id not in sent[fact_id].all:
                yield Finding(f"fact {fact_id}: delivery", watch.endpoint_id, "none")


def _rewards(unit: Unit, program_id: ProgramId, redeemed: Counter[str]) -> Iterator[Difference]:
    kept = dict(unit.rows(COUNTS, (program_id,)))
    for reward in sorted({*kept, *redeemed}):
        if kept.get(reward, 0) != redeemed[reward]:
            finding = Finding(
                f"reward {reward}: redeemed", str(redeemed[reward]), str(kept.get(reward, 0))
            )
            yield _difference(program_id, None, finding)
    for code, coupon_id, found in unit.rows(POOL, (program_id,)):
        finding = Finding(f"pool code {code}: its coupon", coupon_id, str(found))
        yield _difference(program_id, None, finding)


def _difference(program_id: ProgramId, member_id: str | None, finding: Finding) -> Difference:
    return Difference(
        program=program_id,
        what=finding.what,
        member=member_id,
        expected=finding.expected,
        found=finding.found,
    )


def _entry(row: Row) -> Entry:
    (member, entry_id, transaction_id, kind, points, debt, qualified, at_ms, available,
     command_id, moves) = row  # fmt: skip
    return Entry(
        id=entry_id,
        member=member,
        transaction_id=transaction_id,
        kind=kind,
        points=points,
        debt=debt,
        qualified=qualified,
        at=from_ms(at_ms),
        available_after=available,
        command_id=command_id,
        moves=decode(moves, dict[LotId, int]),
    )


def _told(row: Row) -> Told:
    to_tier = decode(row[-1], _Body).to_tier if row[-1] else None
    return Told(type=row[2], sequence=row[3], to_tier=to_tier)
