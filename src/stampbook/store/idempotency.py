"""Idempotency keys: who used one first, for what, and what was answered; and how long they live.

Shapes: the engine stores the keys of commands with the batch; these are for all other writes.
"""

from stampbook.store.backend import ClashError, Unit
from stampbook.store.opening import KeyOfCaller, Stored
from stampbook.values.ids import ProgramId

LIFE_MS = 72 * 3_600_000
"""Source: contract section 2, refusals and idempotency."""

PURGE_MAX = 1000
"""Keys that one statement forgets."""

FIND = (
    "SELECT request_hash, outcome FROM idempotency "
    "WHERE program_id = ? AND principal = ? AND key = ?"
)
CLAIM = (
    "INSERT INTO idempotency (program_id, principal, key, request_hash, outcome, created_at_ms) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (program_id, key, principal) DO NOTHING"
)
SETTLE = (
    "UPDATE idempotency SET outcome = ? WHERE program_id = ? AND principal = ? AND key = ? "
    "AND request_hash = ? AND outcome = ?"
)
PURGE = """
DELETE FROM idempotency WHERE program_id = ? AND (principal, key) IN (
    SELECT principal, key FROM idempotency WHERE program_id = ? AND created_at_ms < ? LIMIT ?)
"""


def find(unit: Unit, program_id: ProgramId, key: KeyOfCaller) -> Stored | None:
    """Give what a key stands for; None when nobody has used it."""
    rows = unit.rows(FIND, (program_id, *key))
    return Stored(*rows[0]) if rows else None


def claim(
    unit: Unit, program_id: ProgramId, key: KeyOfCaller, stored: Stored, at_ms: int
) -> Stored | None:
    """Store what a key stands for; gives what it stood for before, which stays, or None.

    Shapes: waits for another transaction that is claiming the same key. Units: `at_ms` is real
    time. Errors: ClashError when the key was forgotten meanwhile.
    """
    values = (program_id, *key, stored.request_hash, stored.outcome, at_ms)
    if unit.run(CLAIM, values):
        return None
    before = find(unit, program_id, key)
    if before is None:
        raise ClashError("the idempotency key was forgotten while it was looked up")
    return before


def settle(
    unit: Unit, program_id: ProgramId, key: KeyOfCaller, claimed: Stored, outcome: str
) -> bool:
    """Store the outcome of a claimed key; False when another request has settled it."""
    changed = unit.run(SETTLE, (outcome, program_id, *key, claimed.request_hash, claimed.outcome))
    return changed > 0


def purge(unit: Unit, program_id: ProgramId, now_ms: int) -> int:
    """Forget some keys that have had their time; gives how many."""
    return unit.run(PURGE, (program_id, program_id, now_ms - LIFE_MS, PURGE_MAX))
