"""Transactions, lots and entries as the API lists them; the newest first."""

from msgspec import Struct

from stampbook.core.entries import EntryKind
from stampbook.nouns.lot import Lot
from stampbook.nouns.transaction import Transaction, TransactionKind, TransactionStatus
from stampbook.store.backend import Row, Unit
from stampbook.store.reading.page import Page, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.values.ids import CommandId, EntryId, LotId, MemberId, ProgramId, TransactionId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import decode

NEWEST = "ORDER BY id DESC LIMIT ?"
MOVES = (
    "SELECT moves FROM entry WHERE program_id = ? AND member = ? "
    "AND kind IN ('award', 'approve', 'transfer_in')"
)
OF_MEMBER = "SELECT DISTINCT transaction_id FROM entry WHERE program_id = ? AND member = ?"


class EntryLine(Struct, frozen=True, kw_only=True):
    """A line of a member's ledger."""

    id: EntryId
    transaction_id: TransactionId
    kind: EntryKind
    points: int
    debt: int
    qualified: int
    at: Instant
    available_after: int
    command_id: CommandId


def _before(query: Query, after: str | None) -> Query:
    return query.given("id < ?", key_of(after, str)[0] if after else None)


def transactions(
    unit: Unit,
    program_id: ProgramId,
    *,
    member: MemberId | None = None,
    kind: TransactionKind | None = None,
    status: TransactionStatus | None = None,
    limit: int,
    after: str | None = None,
) -> Page[Transaction]:
    """Give transactions, of a member or of all.

    Shapes: a member's are found by the member's entries: each transaction has one at least.
    Errors: CursorError.
    """
    query = Query("SELECT id, body FROM points_transaction", program_id)
    query.given("member = ?", member).given("kind = ?", kind)
    if status == "pending":
        query.where("status = 'pending'")  # in so many words, for the index of pending ones
    else:
        query.given("status = ?", status)
        if member is not None:
            found = unit.rows(OF_MEMBER, (program_id, member))
            query.where("id IN (?*)", [transaction_id for (transaction_id,) in found])
    rows = _before(query, after).rows(unit, NEWEST, limit + 1)
    return page_of(rows, limit, lambda row: decode(row[1], Transaction), lambda row: row[:1])


def find_transaction(unit: Unit, program_id: ProgramId, transaction_id: str) -> Transaction | None:
    """Give a transaction by its id."""
    query = Query("SELECT body FROM points_transaction", program_id)
    rows = query.where("id = ?", transaction_id).rows(unit, "")
    return decode(rows[0][0], Transaction) if rows else None


def lots(
    unit: Unit,
    program_id: ProgramId,
    member: MemberId,
    *,
    is_open: bool | None = None,
    limit: int,
    after: str | None = None,
) -> Page[Lot]:
    """Give a member's lots as they were stored last.

    Shapes: they are found by the entries that opened them. An open lot that has expired meanwhile
    is listed as open until its expiry is written.
    Errors: CursorError.
    """
    found = unit.rows(MOVES, (program_id, member))
    known = {lot_id for (moves,) in found for lot_id in decode(moves, dict[LotId, int])}
    query = Query("SELECT id, body FROM lot", program_id).where("id IN (?*)", sorted(known))
    if is_open is not None:
        query.where("is_open" if is_open else "NOT is_open")
    rows = _before(query, after).rows(unit, NEWEST, limit + 1)
    return page_of(rows, limit, lambda row: decode(row[1], Lot), lambda row: row[:1])


def entries(
    unit: Unit, program_id: ProgramId, member: MemberId, *, limit: int, after: str | None = None
) -> Page[EntryLine]:
    """Give the lines of a member's ledger.

    Errors: CursorError.
    """
    query = Query(
        "SELECT id, transaction_id, kind, points, debt, qualified, at_ms, available_after, "
        "command_id, position FROM entry",
        program_id,
    ).where("member = ?", member)
    if after:
        query.where("(position, id) < (?, ?)", *key_of(after, int, str))
    rows = query.rows(unit, "ORDER BY position DESC, id DESC LIMIT ?", limit + 1)
    return page_of(rows, limit, _entry, lambda row: (row[9], row[0]))


def _entry(row: Row) -> EntryLine:
    entry_id, transaction_id, kind, points, debt, qualified, at_ms, available, command_id, _ = row
    return EntryLine(
        id=entry_id,
        transaction_id=transaction_id,
        kind=kind,
        points=points,
        debt=debt,
        qualified=qualified,
        at=from_ms(at_ms),
        available_after=available,
        command_id=command_id,
    )
