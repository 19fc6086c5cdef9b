"""Stock: how often rewards were redeemed, and the free codes of their pools.

Shapes: a reward's count is locked after the members, in sorted order, and guards its pool too.
"""

from collections.abc import Mapping, Sequence

from stampbook.core.draft import State
from stampbook.store.backend import Unit
from stampbook.store.sql import keyed

COUNTS = ("reward_id, redeemed", "reward_count", "reward_id")
START_COUNT = (
    "INSERT INTO reward_count (program_id, reward_id, redeemed) VALUES (?, ?, 0) "
    "ON CONFLICT (program_id, reward_id) DO NOTHING"
)
FREE_CODES = (
    "SELECT code FROM pool_code WHERE program_id = ? AND reward_id = ? AND coupon_id IS NULL "
    "ORDER BY position, code LIMIT ?"
)


def load_stock(unit: Unit, state: State, asked: Mapping[str, int], *, lock: bool) -> None:
    """Load the counts of the rewards that are asked for or held, and codes for those asked for."""
    holds = (hold for book in state.books.values() for hold in book.holds.values())
    rewards = sorted({*asked, *(hold.reward_id for hold in holds if hold.reward_id is not None)})
    if not rewards:
        return
    if lock:
        state.redeemed = _locked_counts(unit, state, rewards)
    else:
        sql = keyed(unit.dialect, *COUNTS)
        state.redeemed = dict(unit.rows(sql, (state.program.id, rewards)))
    defined = state.program.definition.reward_by_id
    pools = [each for each in asked if each in defined and defined[each].coupon == "pool"]
    found = unit.gather(
        [(FREE_CODES, (state.program.id, reward, asked[reward])) for reward in pools]
    )
    state.codes = {
        reward: [code for (code,) in rows] for reward, rows in zip(pools, found, strict=True)
    }


def _locked_counts(unit: Unit, state: State, rewards: Sequence[str]) -> dict[str, int]:
    query = (keyed(unit.dialect, *COUNTS, lock=unit.dialect.lock), (state.program.id, rewards))
    counts: dict[str, int] = dict(unit.rows(*query))
    if len(counts) < len(rewards):
        # a row that is not there cannot be locked
        missing = [reward for reward in rewards if reward not in counts]
        unit.many(START_COUNT, [(state.program.id, reward) for reward in missing])
        counts = dict(unit.rows(*query))
    return counts
