"""Pools: the shop's own coupon codes, which rewards give away."""

from collections.abc import Iterable

from msgspec import Struct

from stampbook.store.backend import Columns, Unit
from stampbook.values.ids import ProgramId

COLUMNS: Columns = ("program_id", "reward_id", "code", "position")
TAKEN = "SELECT code FROM pool_code WHERE program_id = ? AND code IN (?*)"
ISSUED = "SELECT code FROM coupon WHERE program_id = ? AND code IN (?*)"
LAST = "SELECT max(position) FROM pool_code WHERE program_id = ? AND reward_id = ?"
REMOVE_FREE = "DELETE FROM pool_code WHERE program_id = ? AND reward_id = ? AND coupon_id IS NULL"
COUNT = "SELECT count(*), count(coupon_id) FROM pool_code WHERE program_id = ? AND reward_id = ?"


class Pool(Struct, frozen=True, kw_only=True):
    """How many codes a reward's pool was given, and how many are still free."""

    codes: int
    free: int


class Filled(Struct, frozen=True, kw_only=True):
    """What filling a pool did: codes that the program knew already were left out."""

    added: int
    known: tuple[str, ...]


def fill_pool(unit: Unit, program_id: ProgramId, reward_id: str, codes: Iterable[str]) -> Filled:
    """Add codes to a reward's pool; they are given away in this order.

    Shapes: a code is in one pool only, and is no coupon yet. Errors: BrokenError, unique, when
    another call adds one of the codes at the same time.
    """
    wanted = list(dict.fromkeys(codes))
    found = unit.gather([(sql, (program_id, wanted)) for sql in (TAKEN, ISSUED)])
    known = {code for rows in found for (code,) in rows}
    new = [code for code in wanted if code not in known]
    [(last,)] = unit.rows(LAST, (program_id, reward_id))
    first = 1 if last is None else last + 1
    rows = [(program_id, reward_id, code, place) for place, code in enumerate(new, start=first)]
    if rows:
        unit.insert("pool_code", COLUMNS, rows)
    return Filled(added=len(new), known=tuple(code for code in wanted if code in known))


def empty_pool(unit: Unit, program_id: ProgramId, reward_id: str) -> int:
    """Remove the free codes of a reward's pool; gives how many."""
    return unit.run(REMOVE_FREE, (program_id, reward_id))


def pool(unit: Unit, program_id: ProgramId, reward_id: str) -> Pool:
    """Count the codes of a reward's pool."""
    [(codes, taken)] = unit.rows(COUNT, (program_id, reward_id))
    return Pool(codes=codes, free=codes - taken)
