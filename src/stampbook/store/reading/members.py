"""Members as the API lists them."""

from msgspec import Struct

from stampbook.nouns.member import Member, MemberStatus
from stampbook.store.backend import Unit
from stampbook.store.reading.page import Page, cursor_of, key_of
from stampbook.store.reading.query import Query
from stampbook.values.contacts import email_key
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import Instant, optional_ms
from stampbook.values.json import decode, encode_text
from stampbook.values.uuids import id_of

SELECT = "SELECT id, body FROM member"


class MemberFilter(Struct, frozen=True, kw_only=True):
    """Which members; all that is set must hold.

    Shapes: enrolled in a half-open span; `status` None is anybody but the deleted. Units: points.
    """

    status: MemberStatus | None = None
    tier_id: str | None = None
    tag: str | None = None
    email_address: str | None = None
    enrolled_from: Instant | None = None
    enrolled_before: Instant | None = None
    available_min: int | None = None


def members(
    unit: Unit,
    program_id: ProgramId,
    chosen: MemberFilter,
    *,
    limit: int,
    after: str | None = None,
) -> Page[Member]:
    """Give members as they were stored last, in the order in which they came.

    Errors: CursorError.
    """
    last = key_of(after, str)[0] if after else ""
    found: list[Member] = []
    while len(found) <= limit:
        rows = _query(program_id, chosen).rows(
            unit, "AND id > ? ORDER BY id LIMIT ?", last, limit + 1
        )
        some = [decode(body, Member) for _, body in rows]
        found += [one for one in some if chosen.tag is None or chosen.tag in one.tags]
        if len(rows) <= limit:
            break
        last = rows[-1][0]
    shown = found[:limit]
    return Page(tuple(shown), cursor_of(shown[-1].id) if len(found) > limit else None)


def _query(program_id: ProgramId, chosen: MemberFilter) -> Query:
    email = chosen.email_address
    query = (
        Query(SELECT, program_id)
        .given("tier_id = ?", chosen.tier_id)
        .given("email = ?", email_key(email) if email else None)
        .given("enrolled_at_ms >= ?", optional_ms(chosen.enrolled_from))
        .given("enrolled_at_ms < ?", optional_ms(chosen.enrolled_before))
        .given("available >= ?", chosen.available_min)
    )
    if chosen.status is None:
        query.where("status <> 'deleted'")
    else:
        query.where("status = ?", chosen.status)
    if chosen.tag is not None:  # the text may hold it elsewhere: the tags decide
        query.where("body LIKE ? ESCAPE '!'", f"%{_literally(encode_text(chosen.tag))}%")
    return query


def _literally(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def find_member(unit: Unit, program_id: ProgramId, member_id: str) -> Member | None:
    """Give a member by the merchant's key, deleted ones too, as they were stored last."""
    rows = Query(SELECT, program_id).where("member_id = ?", member_id).rows(unit, "")
    return decode(rows[0][1], Member) if rows else None


def find_id(unit: Unit, program_id: ProgramId, member_id: str) -> MemberId | None:
    """Give our id of a member by the merchant's key, or by the UUID that spells it."""
    own = id_of(member_id)
    if own is not None:
        rows = unit.rows("SELECT id FROM member WHERE program_id = ? AND id = ?", (program_id, own))
        if rows:
            return rows[0][0]
    rows = unit.rows(
        "SELECT id FROM member WHERE program_id = ? AND member_id = ?", (program_id, member_id)
    )
    return rows[0][0] if rows else None
