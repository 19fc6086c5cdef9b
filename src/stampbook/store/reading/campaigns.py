"""Campaigns as the API lists them: how many are in each, and who."""

from collections import defaultdict

from stampbook.store.backend import Unit
from stampbook.store.reading.page import Page, cursor_of, key_of
from stampbook.values.ids import MemberId, ProgramId

COUNTS = (
    "SELECT campaign_id, state, count(*) FROM campaign_member WHERE program_id = ? "
    "GROUP BY campaign_id, state"
)
MEMBERS = (
    "SELECT member FROM campaign_member WHERE program_id = ? AND campaign_id = ? AND state = ? "
    "AND member > ? ORDER BY member LIMIT ?"
)


def counts(unit: Unit, program_id: ProgramId) -> dict[str, dict[str, int]]:
    """Give how many members stand in each state of each campaign, by campaign and state."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for campaign_id, state, count in unit.rows(COUNTS, (program_id,)):
        found[campaign_id][state] = count
    return found


def standing(
    unit: Unit,
    program_id: ProgramId,
    campaign_id: str,
    state: str,
    *,
    limit: int,
    after: str | None = None,
) -> Page[MemberId]:
    """Give members who stand in a state of a campaign, in the order in which they joined.

    Errors: CursorError.
    """
    last = key_of(after, str)[0] if after else ""
    rows = unit.rows(MEMBERS, (program_id, campaign_id, state, last, limit + 1))
    found = tuple(MemberId(row[0]) for row in rows[:limit])
    return Page(found, cursor_of(found[-1]) if len(rows) > limit else None)
