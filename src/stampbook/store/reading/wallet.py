"""A member's wallet as the API lists it: each transaction of coins once, the newest first."""

from typing import Literal

from msgspec import Struct

from stampbook.core.entries import EARNED, EntryKind
from stampbook.nouns.transaction import Transaction
from stampbook.nouns.wallet import (
    NECTOR_STATUSES,
    NECTOR_TITLES,
    NECTOR_TYPES,
    WalletStatus,
    nector_hash,
)
from stampbook.store.backend import Row, Unit
from stampbook.store.reading.page import Page, key_of, page_of
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import decode
from stampbook.values.uuids import uuid_of

Operation = Literal["cr", "dr"]

OPERATIONS: dict[EntryKind, Operation] = {
    "pend": "cr",
    "award": "cr",
    "approve": "cr",
    "release": "cr",
    "refund": "cr",
    "hold": "dr",
    "redeem": "dr",
    "deduct": "dr",
    "expire": "dr",
}
"""The entries that are transactions of coins; the others move nothing in or out of the balance."""

APART: dict[EntryKind, tuple[str, str]] = {
    "expire": ("expiry", "Expiry"),
    "release": ("release", "Released hold"),
    "refund": ("refund", "Refund"),
}
"""Type and title of what is a transaction beside the one that it belongs to."""

COUNTED = " ".join(f"WHEN '{kind}' THEN {way} * points" for kind, way in EARNED.items())
LEDGER = f"""
SELECT id, transaction_id, kind, points, at_ms, available_after, moves, position,
    CAST(SUM(CASE kind {COUNTED} ELSE 0 END)
        OVER (ORDER BY position, id) AS BIGINT) AS earned
FROM entry WHERE program_id = ? AND member = ?
"""
LINES = f"""
SELECT e.id, e.position, e.kind, e.points, e.at_ms, e.available_after, e.earned, e.moves, t.body
FROM ({LEDGER}) e
JOIN points_transaction t ON t.program_id = ? AND t.id = e.transaction_id
WHERE e.kind IN ({", ".join(f"'{kind}'" for kind in OPERATIONS)})
AND (e.kind <> 'pend' OR t.status <> 'approved')
"""
NEWEST = "ORDER BY e.position DESC, e.id DESC LIMIT ?"


class WalletLine(Struct, frozen=True, kw_only=True):
    """A transaction of coins, in the words of the Nector dialect.

    Shapes: `entity_id` and `hash` are those of its webhooks; consolidated_cr - consolidated_dr =
    closing_balance. Units: points.
    """

    entity_id: str
    hash: str
    title: str
    type: str
    operation: Operation
    status: WalletStatus
    amount: int
    closing_balance: int
    consolidated_cr: int
    consolidated_dr: int
    created_at: Instant
    updated_at: Instant


def wallet(
    unit: Unit, program_id: ProgramId, member: MemberId, *, limit: int, after: str | None = None
) -> Page[WalletLine]:
    """Give the transactions of a member's wallet, each in its present status.

    Errors: CursorError.
    """
    sql, values = LINES, [program_id, member, program_id]
    if after:
        sql += "AND (e.position, e.id) < (?, ?) "
        values += key_of(after, int, str)
    rows = unit.rows(sql + NEWEST, (*values, limit + 1))
    return page_of(rows, limit, _line, lambda row: (row[1], row[0]))


def _line(row: Row) -> WalletLine:
    _, _, kind, points, at_ms, available, earned, moves, body = row
    transaction = decode(body, Transaction)
    type_, title = _names(kind, transaction)
    status = "success" if kind in APART else NECTOR_STATUSES.get(transaction.status, "success")
    return WalletLine(
        entity_id=uuid_of(
            min(decode(moves, dict[str, int])) if kind == "expire" else transaction.id
        ),
        hash=nector_hash(*_hashed(kind, transaction, at_ms)),
        title=title,
        type=type_,
        operation=OPERATIONS[kind],
        status=status,
        amount=points,
        closing_balance=available,
        consolidated_cr=earned,
        consolidated_dr=earned - available,
        created_at=from_ms(at_ms) if kind in APART else transaction.created_at,
        updated_at=from_ms(at_ms) if kind in APART else transaction.modified_at,
    )


def _names(kind: EntryKind, transaction: Transaction) -> tuple[str, str]:
    if kind in APART:
        return APART[kind]
    named = transaction.activity_name or transaction.reward_name
    return NECTOR_TYPES[transaction.kind], named or NECTOR_TITLES[transaction.kind]


def _hashed(kind: EntryKind, transaction: Transaction, at_ms: int) -> tuple[object, ...]:
    if kind == "expire":
        return transaction.id, "expired", at_ms
    return (transaction.id, kind) if kind in APART else (transaction.id,)
