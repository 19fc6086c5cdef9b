"""Campaigns in the store: who is in them, whom they may concern, and whom an audience finds."""

from collections.abc import Sequence

from msgspec import Struct

from stampbook.core.agenda import OUTSIDE
from stampbook.core.campaign_history import CampaignHistory, Seen
from stampbook.core.draft import Changes, Program
from stampbook.core.rules.audience import compiled_audience, lowest_tier
from stampbook.nouns.campaign import Audience, Campaign
from stampbook.nouns.member import Member
from stampbook.store.audience.compile import Reading
from stampbook.store.audience.spelling import Piece, spelling_of
from stampbook.store.backend import Row, Unit
from stampbook.store.sql import keyed
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import Instant, from_ms, to_ms
from stampbook.values.json import decode

MEMBER_COLUMNS = ("program_id", "campaign_id", "member", "state", "entries")
SEEN_COLUMNS = ("program_id", "campaign_id", "version", "reached_ms", "cursor")
SEEN = "SELECT campaign_id, version, reached_ms, cursor FROM campaign_seen WHERE program_id = ?"
FORGET = "DELETE FROM campaign_member WHERE program_id = ? AND campaign_id = ? AND member = ?"
WINDOW = 5_000
"""Members that one statement looks at: it stays short however many there are."""

NEXT_WINDOW = (
    "SELECT max(id) FROM (SELECT id FROM member WHERE program_id = ? AND id > ? "
    "ORDER BY id LIMIT ?) AS ahead"
)
STANDING = (
    ", coalesce(standing.state, 'outside') AS state, coalesce(standing.entries, 0) AS entries"
)
CHOSEN = (
    "FROM member LEFT JOIN campaign_member AS standing ON standing.program_id = member.program_id "
    "AND standing.campaign_id = ? AND standing.member = member.id "
    "WHERE member.program_id = ? AND member.id > ? AND member.id <= ? "
    "AND member.status NOT IN ('deleted', 'merged')"
)
ACTIVE = (
    "FROM member WHERE member.program_id = ? AND member.id > ? AND member.id <= ? "
    "AND member.status = 'active'"
)


class Found(Struct, frozen=True):
    """Members that a campaign may concern, and up to which member all were looked at."""

    member_ids: tuple[str, ...]
    cursor: MemberId | None
    """None: up to the last."""


def save_campaigns(unit: Unit, program_id: ProgramId, changes: Changes) -> None:
    """Store who is in which campaign, and how far campaigns were looked at."""
    standings = sorted(changes.participations.items())
    kept = [(program_id, *key, one.state, one.entries) for key, one in standings if one != OUTSIDE]
    unit.upsert("campaign_member", MEMBER_COLUMNS, kept, MEMBER_COLUMNS[:3])
    unit.many(FORGET, [(program_id, *key) for key, one in standings if one == OUTSIDE])
    unit.upsert(
        "campaign_seen",
        SEEN_COLUMNS,
        [
            (program_id, key, seen.version, to_ms(seen.reached), seen.cursor)
            for key, seen in sorted(changes.seen.items())
        ],
        SEEN_COLUMNS[:2],
    )


def seen(unit: Unit, program_id: ProgramId) -> dict[str, Seen]:
    """Give how far each campaign was looked at."""
    return {
        key: Seen(version=version, reached=from_ms(reached_ms), cursor=cursor)
        for key, version, reached_ms, cursor in unit.rows(SEEN, (program_id,))
    }


def concerned(
    unit: Unit,
    program: Program,
    history: CampaignHistory,
    at: Instant,
    *,
    after: MemberId | None,
    limit: int,
) -> Found:
    """Find members with a step to take in a campaign at an instant; a few others may be among them.

    Shapes: in the order of our ids, from the member that follows `after`.
    """
    search = _search(unit, program, history, at)
    start: str = after or ""
    while True:
        [(end,)] = unit.rows(NEXT_WINDOW, (program.id, start, WINDOW))
        if end is None:
            return Found((), None)
        found = sorted(_in_window(unit, program.id, history.campaign.id, search, start, end))
        if len(found) > limit:
            found = found[:limit]
            end = found[-1][0]
        if found:
            return Found(tuple(member_id for _, member_id in found), MemberId(end))
        start = end


class Search(Struct, frozen=True):
    """The query of a campaign: its text, and the values around those of the members."""

    sql: str
    before: Sequence[object]
    behind: Sequence[object]


def _in_window(
    unit: Unit, program_id: ProgramId, campaign_id: str, search: Search, start: str, end: str
) -> list[Row]:
    chosen = (campaign_id, program_id, start, end)
    return unit.rows(search.sql, (*search.before, *chosen, *search.behind))


def _search(unit: Unit, program: Program, history: CampaignHistory, at: Instant) -> Search:
    campaign = history.campaign
    reading = Reading(spelling_of(unit.dialect), lowest_tier(program.definition))
    if not history.is_open:
        judged = Piece("state <> 'outside'", [])
    else:
        judged = _concerns(reading, campaign, at)
    rows = reading.rows(STANDING, CHOSEN)
    sql = f"SELECT id, member_id FROM {rows.sql} WHERE {judged.sql}"
    return Search(sql, rows.values, judged.values)


def _concerns(reading: Reading, campaign: Campaign, at: Instant) -> Piece:
    """Judge whether a member may have a step to take."""
    entry, out = reading.judged(campaign.entry), campaign.exit and reading.judged(campaign.exit)
    enters = Piece(f"(status = 'active' AND {entry.sql})", entry.values)
    if out is not None:
        enters = Piece(f"({enters.sql} AND NOT {out.sql})", [*enters.values, *out.values])
    exits = out if out is not None else Piece(f"(NOT {enters.sql})", enters.values)
    cases = [
        Piece("state = 'entering'", []),  # the span may have changed around their delay
        _case("inside", Piece(f"{exits.sql} IS NOT FALSE", exits.values)),
        _case("leaving", Piece(f"{exits.sql} IS NOT TRUE", exits.values)),
    ]
    if campaign.starts_at is None or campaign.starts_at <= at:
        cases.insert(0, _case("outside", _may_enter(reading, campaign)))
    if campaign.ends_at is not None and campaign.ends_at <= at:
        cases.append(Piece("state IN ('inside', 'leaving')", []))
    sql = " OR ".join(case.sql for case in cases)
    return Piece(sql, [value for case in cases for value in case.values])


def _case(state: str, judged: Piece) -> Piece:
    return Piece(f"(state = '{state}' AND {judged.sql})", judged.values)


def _may_enter(reading: Reading, campaign: Campaign) -> Piece:
    entry = reading.possible(campaign.entry)
    sql, values = f"status = 'active' AND {entry.sql}", list(entry.values)
    if campaign.exit is not None:
        out = reading.judged(campaign.exit)
        sql, values = f"{sql} AND {out.sql} IS NOT TRUE", [*values, *out.values]
    return Piece(sql if campaign.again else f"entries = 0 AND {sql}", values)


def count_audience(unit: Unit, program: Program, audience: Audience) -> int:
    """Count the active members in an audience, as they were stored last."""
    lowest = lowest_tier(program.definition)
    reading = Reading(spelling_of(unit.dialect), lowest)
    judged = reading.judged(audience)
    rows = reading.rows("", ACTIVE)
    sql = (
        f"SELECT (({judged.sql}) IS TRUE), CASE WHEN ({judged.sql}) IS NULL THEN id END, count(*) "
        f"FROM {rows.sql} WHERE ({judged.sql}) IS NOT FALSE GROUP BY 1, 2"
    )
    values = (*judged.values, *judged.values, *rows.values)
    count, start = 0, ""
    while True:
        [(end,)] = unit.rows(NEXT_WINDOW, (program.id, start, WINDOW))
        if end is None:
            return count
        found = unit.rows(sql, (*values, program.id, start, end, *judged.values))
        count += sum(number for is_in, _, number in found if is_in)
        unsure = [MemberId(member) for _, member, _ in found if member is not None]
        count += sum(
            1 for member in _read(unit, program.id, unsure) if _holds(member, audience, lowest)
        )
        start = end


def _holds(member: Member, audience: Audience, lowest: str | None) -> bool:
    return compiled_audience(audience).holds(member, lowest)


def _read(unit: Unit, program_id: ProgramId, members: Sequence[MemberId]) -> list[Member]:
    if not members:
        return []
    rows = unit.rows(keyed(unit.dialect, "body", "member", "id"), (program_id, sorted(members)))
    return [decode(body, Member) for (body,) in rows]
