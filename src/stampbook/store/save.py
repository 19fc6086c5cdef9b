"""Save: everything that a batch changed, in bulk, in the one transaction of the batch.

Shapes: rows whose keys come from others are written in the order of their keys, table after table,
so that two writers with the same keys wait for each other and never lock each other out.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from msgspec import Struct, field

from stampbook.core.book import Book
from stampbook.core.draft import Changes
from stampbook.core.due import next_due
from stampbook.core.lease import order_key_of
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.lot import Lot
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import Transaction
from stampbook.store.backend import Columns, Row, Unit
from stampbook.store.blanking import blank
from stampbook.store.campaigns import save_campaigns
from stampbook.store.erasing import begin
from stampbook.store.load import Loaded
from stampbook.store.opening import KeyOfCaller, Opening, Stored
from stampbook.store.subscriptions import Subscription
from stampbook.values.contacts import email_key, mailbox_key
from stampbook.values.ids import FactId, MemberId
from stampbook.values.instants import optional_ms, to_ms
from stampbook.values.json import Spellings, encode_text

MEMBER: Columns = (
    "program_id", "id", "member_id", "email", "status", "tier_id", "available", "enrolled_at_ms",
    "due_at_ms", "position", "open_lots", "body", "counters", "agenda", "referral_code", "referrer",
)  # fmt: skip
FOUND_BY: Columns = ("email", "due_at_ms", "referrer")
FOUND_BY_OF = itemgetter(*map(MEMBER.index, FOUND_BY))
"""SQLite writes an index again when a column of it is set, even to what it was."""
SAME = ("member_id", "enrolled_at_ms", "referral_code", *FOUND_BY)
"""What an update leaves alone of a member who is found as before."""

LOT: Columns = (
    "program_id", "id", "member", "transaction_id", "points", "remaining", "held", "opened_at_ms",
    "expires_at_ms", "is_open", "body",
)  # fmt: skip
TRANSACTION: Columns = (
    "program_id", "id", "member", "kind", "status", "points", "order_id", "created_at_ms", "body",
)  # fmt: skip
ENTRY: Columns = (
    "program_id", "id", "member", "transaction_id", "kind", "points", "debt", "qualified", "at_ms",
    "available_after", "command_id", "moves", "position",
)  # fmt: skip
ORDER: Columns = ("program_id", "order_id", "member", "created_at_ms", "review_at_ms", "body")
REFERRAL: Columns = (
    "program_id", "id", "referrer", "friend_email", "status", "remind_at_ms", "order_id", "body",
    "friend_member_id",
)  # fmt: skip
REVIEW: Columns = (
    "program_id", "id", "member", "product_id", "order_id", "status", "created_at_ms", "body",
)  # fmt: skip
COUPON: Columns = ("program_id", "code", "id", "member", "status", "expires_at_ms", "body")
COUNT: Columns = ("program_id", "reward_id", "redeemed")
FACT: Columns = (
    "program_id", "id", "position", "type", "member", "sequence", "occurred_at_ms",
    "recorded_at_ms", "cause", "deliveries", "body",
)  # fmt: skip
DELIVERY: Columns = (
    "program_id", "id", "endpoint_id", "fact_id", "fact_type", "cause", "position", "status",
    "due_at_ms", "attempts", "order_key",
)  # fmt: skip
IDEMPOTENCY: Columns = (
    "program_id", "principal", "key", "request_hash", "outcome", "created_at_ms",
)  # fmt: skip
TAKE_CODE = "UPDATE pool_code SET coupon_id = ? WHERE program_id = ? AND reward_id = ? AND code = ?"
RETURN_CODE = (  # behind the others, as the state of a batch has it
    "UPDATE pool_code SET coupon_id = NULL, position = coalesce((SELECT max(position) + 1 "
    "FROM pool_code AS free WHERE free.program_id = ? AND free.reward_id = ? "
    "AND free.coupon_id IS NULL), position) WHERE program_id = ? AND reward_id = ? AND code = ?"
)


TOLD_NOBODY = -1
"""In place of how many deliveries were due, of a fact that was to be stored and sent to nobody."""

ERASED_AT_ONCE = 500
"""Rows that a deletion's own transaction erases; the clockwork erases the others."""


class Due(Struct, frozen=True):
    """A delivery to be made: of a fact, to an endpoint."""

    id: str
    to: Subscription
    fact_id: FactId


class Batch(Struct, kw_only=True):
    """What a batch has to store.

    Shapes: `recorded_ms` is real time; nobody is told of the facts in `untold`.
    """

    opening: Opening
    loaded: Loaded
    recorded_ms: int
    changes: Changes
    deliveries: list[Due]
    outcomes: dict[KeyOfCaller, Stored]
    spellings: Spellings = field(default_factory=Spellings)
    """Of the records, which stand in rows, facts and results."""
    untold: set[FactId] = set()

    def is_empty(self) -> bool:
        """Tell whether there is nothing to store."""
        return not (self.outcomes or any(self.changes.size()))


def save(unit: Unit, batch: Batch) -> None:
    """Store what a batch changed."""
    positions = {
        fact.id: position
        for position, fact in enumerate(batch.changes.facts, start=batch.opening.position)
    }
    _save_facts(unit, batch, positions)
    _save_members(unit, batch, positions)
    _save_ledger(unit, batch)
    _save_orders(unit, batch)
    _save_coupons(unit, batch)
    _save_referrals(unit, batch)
    _save_reviews(unit, batch)
    if batch.changes.participations or batch.changes.seen:
        save_campaigns(unit, batch.opening.program_id, batch.changes)
    blank(unit, batch.opening.program_id, batch.changes.blanked)
    if batch.changes.erased:
        _begin_erasures(unit, batch)
    if batch.outcomes:
        program = batch.opening.program_id
        unit.insert(
            "idempotency",
            IDEMPOTENCY,
            [
                (program, principal, key, stored.request_hash, stored.outcome, batch.recorded_ms)
                for (principal, key), stored in sorted(batch.outcomes.items())
            ],
        )


def _begin_erasures(unit: Unit, batch: Batch) -> None:
    books = batch.loaded.state.books
    begin(
        unit,
        batch.opening.program_id,
        {
            member: (books[member].member.member_id, emails)
            for member, emails in batch.changes.erased.items()
        },
        at_ms=batch.recorded_ms,
        limit=ERASED_AT_ONCE,
    )


def _save_facts(unit: Unit, batch: Batch, positions: Mapping[FactId, int]) -> None:
    program, recorded, spellings = batch.opening.program_id, batch.recorded_ms, batch.spellings
    facts = {fact.id: fact for fact in batch.changes.facts}
    due = dict.fromkeys(facts, 0) | dict.fromkeys(batch.untold, TOLD_NOBODY)
    rows: list[Row] = []
    for each in batch.deliveries:
        fact = facts[each.fact_id]
        due[fact.id] += 1
        rows.append(
            (
                program, each.id, each.to.endpoint_id, fact.id, fact.type, fact.data.cause,
                positions[fact.id], "pending", recorded + each.to.batch_wait_ms, 0,
                order_key_of(each.to.ordering, fact.member),
            )
        )  # fmt: skip
    unit.insert(
        "fact",
        FACT,
        [
            (
                program, fact.id, positions[fact.id], fact.type, fact.member, fact.data.sequence,
                to_ms(fact.occurred_at), recorded, fact.data.cause, due[fact.id],
                spellings.whole(fact.data).decode(),
            )
            for fact in batch.changes.facts
        ],
    )  # fmt: skip
    unit.insert("delivery", DELIVERY, rows)


def _save_members(unit: Unit, batch: Batch, positions: Mapping[FactId, int]) -> None:
    changes = batch.changes
    kept = batch.loaded.members
    # entries without a fact have a place too; it matters where batches run beside each other
    least = batch.opening.position if unit.dialect.lock else 0
    last = {member: max(one.position, least) for member, one in kept.items()}
    last.update((fact.member, positions[fact.id]) for fact in changes.facts)
    tables = (changes.lots, changes.transactions, changes.coupons)
    touched = {owner for table in tables for owner, _ in table.values()}.union(changes.members)
    moved: list[Row] = []
    still: list[Row] = []
    for member in touched:
        row = _member_row(batch, member, last.get(member, 0))
        known = kept.get(member)
        is_still = known is not None and known[2:] == FOUND_BY_OF(row)
        (still if is_still else moved).append(row)
    for rows in (moved, still):
        rows.sort(key=itemgetter(2))  # by member_id
    unit.upsert("member", MEMBER, moved, ("program_id", "id"))
    unit.update("member", MEMBER, still, ("program_id", "id"), same=SAME)


def _member_row(batch: Batch, member_id: MemberId, position: int) -> Row:
    state = batch.loaded.state
    book = state.books[member_id]
    member = book.member
    email = email_key(member.email_address) if member.email_address else None
    return (
        batch.opening.program_id, member.id, member.member_id, email,
        member.status, member.tier.tier_id if member.tier else None, member.balances.available,
        to_ms(member.enrolled_at), optional_ms(next_due(book, state.program)),
        position, encode_text(sorted(book.lots)), batch.spellings.text(member),
        encode_text(book.counters), encode_text(book.agenda), member.referral_code,
        _companion(book),
    )  # fmt: skip


def _companion(book: Book) -> MemberId | None:
    """Give the member who is loaded with this one: who brought them, or into whom they merged."""
    if book.agenda.merge is not None:
        return book.agenda.merge.into
    brought = book.agenda.referred_by
    return brought.referrer if brought else None


def _save_ledger(unit: Unit, batch: Batch) -> None:
    program, changes = batch.opening.program_id, batch.changes
    lots: tuple[list[Row], list[Row]] = ([], [])
    for member, lot in changes.lots.values():
        lots[lot.id in batch.loaded.lots].append(_lot_row(batch, member, lot))
    _store(unit, "lot", LOT, lots, ("program_id", "id"))
    transactions: tuple[list[Row], list[Row]] = ([], [])
    for member, one in changes.transactions.values():
        row = _transaction_row(batch, member, one)
        transactions[one.id in batch.loaded.transactions].append(row)
    _store(unit, "points_transaction", TRANSACTION, transactions, ("program_id", "id"))
    unit.insert(
        "entry",
        ENTRY,
        [
            (
                program, entry.id, entry.member, entry.transaction_id, entry.kind, entry.points,
                entry.debt, entry.qualified, to_ms(entry.at), entry.available_after,
                entry.command_id, encode_text(entry.moves), batch.opening.position,
            )
            for entry in changes.entries
        ],
    )  # fmt: skip


def _lot_row(batch: Batch, member: MemberId, lot: Lot) -> Row:
    return (
        batch.opening.program_id, lot.id, member, lot.transaction_id, lot.points, lot.remaining,
        lot.held, to_ms(lot.opened_at), optional_ms(lot.expires_at),
        int(lot.remaining + lot.held > 0),  # SQLite's driver takes long to find out what a bool is
        encode_text(lot),
    )  # fmt: skip


def _transaction_row(batch: Batch, member: MemberId, one: Transaction) -> Row:
    return (
        batch.opening.program_id, one.id, member, one.kind, one.status, one.points, one.order_id,
        to_ms(one.created_at), batch.spellings.text(one),
    )  # fmt: skip


def _save_orders(unit: Unit, batch: Batch) -> None:
    rows: tuple[list[Row], list[Row]] = ([], [])
    for member, order in batch.changes.orders.values():
        row = _order_row(batch, member, order)
        rows[order.order_id in batch.loaded.orders].append(row)
    _store(unit, "customer_order", ORDER, rows, ("program_id", "order_id"))


def _order_row(batch: Batch, member: MemberId, order: Order) -> Row:
    return (
        batch.opening.program_id, order.order_id, member, to_ms(order.created_at),
        optional_ms(order.review_at), batch.spellings.text(order),
    )  # fmt: skip


def _save_coupons(unit: Unit, batch: Batch) -> None:
    program, changes = batch.opening.program_id, batch.changes
    rows: tuple[list[Row], list[Row]] = ([], [])
    for member, coupon in changes.coupons.values():
        rows[coupon.code in batch.loaded.coupons].append(_coupon_row(batch, member, coupon))
    _store(unit, "coupon", COUPON, rows, ("program_id", "code"))
    if changes.redeemed:
        counts = [(program, reward, count) for reward, count in sorted(changes.redeemed.items())]
        unit.upsert("reward_count", COUNT, counts, ("program_id", "reward_id"))
    if changes.codes:
        taken = [(each, program, *key) for key, each in sorted(changes.codes.items()) if each]
        unit.many(TAKE_CODE, taken)
        back = [(program, key[0], program, *key) for key, each in changes.codes.items() if not each]
        unit.many(RETURN_CODE, back)


def _coupon_row(batch: Batch, member: MemberId, coupon: Coupon) -> Row:
    return (
        batch.opening.program_id, coupon.code, coupon.id, member, coupon.status,
        optional_ms(coupon.expires_at), batch.spellings.text(coupon),
    )  # fmt: skip


def _save_referrals(unit: Unit, batch: Batch) -> None:
    rows: tuple[list[Row], list[Row]] = ([], [])
    for referrer, one in batch.changes.referrals.values():
        mailbox = mailbox_key(one.friend_email) if one.friend_email else None
        row = (
            batch.opening.program_id, one.id, referrer, mailbox, one.status,
            optional_ms(one.remind_at), one.order_id, encode_text(one), one.friend_member_id,
        )  # fmt: skip
        rows[one.id in batch.loaded.referrals].append(row)
    _store(unit, "referral", REFERRAL, rows, ("program_id", "id"))


def _save_reviews(unit: Unit, batch: Batch) -> None:
    rows: tuple[list[Row], list[Row]] = ([], [])
    for member, one in batch.changes.reviews.values():
        row = (
            batch.opening.program_id, one.id, member, one.product_id, one.order_id, one.status,
            to_ms(one.created_at), encode_text(one),
        )  # fmt: skip
        rows[one.id in batch.loaded.reviews].append(row)
    _store(unit, "review", REVIEW, rows, ("program_id", "id"))


def _store(
    unit: Unit, table: str, columns: Columns, rows: Sequence[Sequence[Row]], key: Columns
) -> None:
    new, known = rows
    unit.insert(table, columns, sorted(new))
    unit.upsert(table, columns, known, key)
