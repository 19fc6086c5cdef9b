"""Referrals as the API lists them; the newest first."""

from collections.abc import Sequence

from stampbook.nouns.referral import Referral, ReferralStatus
from stampbook.store.backend import Unit
from stampbook.store.reading.page import Page, key_of, page_of
from stampbook.store.reading.query import Query
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.json import decode

PROGRAMS = "SELECT id FROM program ORDER BY created_at_ms, id LIMIT ?"
REFERRER = (
    "SELECT program_id FROM member "
    "WHERE program_id = ? AND referral_code = ? AND status <> 'deleted'"
)


def referrals(
    unit: Unit,
    program_id: ProgramId,
    *,
    referrer: MemberId | None = None,
    status: ReferralStatus | None = None,
    limit: int,
    after: str | None = None,
) -> Page[Referral]:
    """Give referrals, of a member who refers or of all.

    Errors: CursorError.
    """
    query = Query("SELECT id, body FROM referral", program_id)
    query.given("referrer = ?", referrer).given("status = ?", status)
    query.given("id < ?", key_of(after, str)[0] if after else None)
    rows = query.rows(unit, "ORDER BY id DESC LIMIT ?", limit + 1)
    return page_of(rows, limit, lambda row: decode(row[1], Referral), lambda row: row[:1])


def find_referral(unit: Unit, program_id: ProgramId, referral_id: str) -> Referral | None:
    """Give a referral by its id."""
    query = Query("SELECT body FROM referral", program_id).where("id = ?", referral_id)
    rows = query.rows(unit, "")
    return decode(rows[0][0], Referral) if rows else None


def programs_of_code(
    unit: Unit, referral_code: str, *, program_id: str | None = None, programs_max: int
) -> Sequence[ProgramId]:
    """Give the programs that know a referral code, of one program or of the oldest ones."""
    if program_id is not None:
        asked = [program_id]
    else:
        asked = [row[0] for row in unit.rows(PROGRAMS, (programs_max,))]
    found = unit.gather([(REFERRER, (each, referral_code)) for each in asked])
    return [ProgramId(row[0]) for rows in found for row in rows]
