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
    """Load the counts of the rewards that are asked for, held or scarce, and codes of their pools.

    Shapes: a scarce reward that nobody asks for is looked at without a lock, because its stock
    only says whether it is worth announcing.
    """
    defined = state.program.definition
    holds = (hold for book in state.books.values() for hold in book.holds.values())
    wanted = {*asked, *(hold.reward_id for hold in holds if hold.reward_id is not None)}
    seen = [reward for reward in defined.scarce_rewards if reward not in wanted]
    if lock and wanted:
        state.redeemed = _locked_counts(unit, state, sorted(wanted))
    else:
        seen = sorted({*wanted, *seen})
    if seen:
        counts = unit.rows(keyed(unit.dialect, *COUNTS), (state.program.id, seen))
        state.redeemed.update(dict(counts))
    pools = {  # one more than may be taken, so that the last command still sees whether any is left
        reward: asked.get(reward, 0) + 1
        for reward in sorted({*asked, *defined.scarce_rewards})
        if reward in defined.reward_by_id and defined.reward_by_id[reward].coupon == "pool"
    }
    found = unit.gather([(FREE_CODES, (state.program.id, *each)) for each in pools.items()])
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
