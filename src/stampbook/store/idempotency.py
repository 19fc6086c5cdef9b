"""Idempotency keys: how long they live."""

from stampbook.store.backend import Unit
from stampbook.values.ids import ProgramId

LIFE_MS = 72 * 3_600_000
"""Source: contract section 2, refusals and idempotency."""

PURGE_MAX = 1000
"""Keys that one statement forgets."""

PURGE = """
DELETE FROM idempotency WHERE program_id = ? AND (principal, key) IN (
    SELECT principal, key FROM idempotency WHERE program_id = ? AND created_at_ms < ? LIMIT ?)
"""


def purge(unit: Unit, program_id: ProgramId, now_ms: int) -> int:
    """Forget some keys that have had their time; gives how many."""
    return unit.run(PURGE, (program_id, program_id, now_ms - LIFE_MS, PURGE_MAX))
