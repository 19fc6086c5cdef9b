"""Erasing: what could name a deleted member leaves every table, some rows at a time.

The deletion's own transaction writes down that it is to be done and does the first part; the
clockwork goes on until nothing is left, and begins where it stopped when it was interrupted.

Source: decisions/0015.
"""

from collections.abc import Callable, Mapping
from functools import partial

from msgspec import Struct

from stampbook.store.backend import Unit
from stampbook.store.erasing.answers import erase_answers, erase_excerpts
from stampbook.store.erasing.case import Case, Page
from stampbook.store.erasing.mentions import erase_guest_reviews, erase_referrals, erase_shares
from stampbook.store.erasing.records import OWN, erase_facts, erase_records
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import Instant, from_ms
from stampbook.values.json import decode, encode_text

__all__ = ["ErasureRecord", "begin", "find_erasure", "go_on", "unfinished"]

Stage = Callable[[Unit, Case, str, int], Page]

FIRST_STAGES: tuple[Stage, ...] = (
    erase_facts,
    *(partial(erase_records, table) for table in OWN),
)
"""Rows of the deleted member, which nobody else writes any more."""

LATER_STAGES: tuple[Stage, ...] = (
    erase_referrals,
    erase_shares,
    erase_guest_reviews,
    erase_excerpts,
    erase_answers,
)
"""Rows of others, which are locked or looked for; a transaction of their own keeps them short."""

STAGES = (*FIRST_STAGES, *LATER_STAGES)

COLUMNS = (
    "program_id", "member", "member_id", "emails", "stage", "cursor", "rows", "requested_at_ms",
)  # fmt: skip
CASES = (
    "SELECT member, member_id, emails, stage, cursor FROM erasure "
    "WHERE program_id = ? AND finished_at_ms IS NULL ORDER BY requested_at_ms, member LIMIT 1"
)
SET = (
    "UPDATE erasure SET emails = ?, stage = ?, cursor = ?, rows = rows + ?, finished_at_ms = ? "
    "WHERE program_id = ? AND member = ?"
)
UNFINISHED = "SELECT DISTINCT program_id FROM erasure WHERE finished_at_ms IS NULL"
FIND = (
    "SELECT rows, requested_at_ms, finished_at_ms FROM erasure "
    "WHERE program_id = ? AND member_id = ?"
)


class ErasureRecord(Struct, frozen=True, kw_only=True):
    """How far an erasure is. `rows` counts the stored rows that it has changed."""

    member_id: str
    rows: int
    requested_at: Instant
    finished_at: Instant | None


def begin(
    unit: Unit,
    program_id: ProgramId,
    members: Mapping[MemberId, tuple[str, tuple[str, ...]]],
    *,
    at_ms: int,
    limit: int,
) -> None:
    """Write down whom to erase, by member_id and e-mail addresses, and do the first part of it.

    Units: `at_ms` is real time; `limit` is in rows.
    """
    left = limit
    for member, (member_id, emails) in sorted(members.items()):
        row = (program_id, member, member_id, encode_text(emails), 0, "", 0, at_ms)
        unit.insert("erasure", COLUMNS, [row])
        case = Case(program_id=program_id, member=member, member_id=member_id, emails=emails)
        left -= _work(unit, case, "", left, stages=FIRST_STAGES, at_ms=at_ms)


def go_on(unit: Unit, program_id: ProgramId, *, at_ms: int, limit: int) -> int:
    """Look at some more rows of the earliest erasure; gives how many, and 0 when none is open.

    Units: `at_ms` is real time.
    """
    for member, member_id, emails, stage, cursor in unit.rows(
        CASES + unit.dialect.lock, (program_id,)
    ):
        case = Case(
            program_id=program_id,
            member=member,
            member_id=member_id,
            emails=decode(emails, tuple[str, ...]),
            stage=stage,
        )
        return max(1, _work(unit, case, cursor, limit, stages=STAGES, at_ms=at_ms))
    return 0


def _work(
    unit: Unit,
    case: Case,
    cursor: str,
    limit: int,
    *,
    stages: tuple[Stage, ...],
    at_ms: int,
) -> int:
    """Go through the stages until the limit is reached; gives how many rows were looked at."""
    left, changed, stage = limit, 0, case.stage
    while stage < len(stages) and left > 0:
        page = stages[stage](unit, case, cursor, left)
        left -= page.seen
        changed += page.changed
        case.learn(page.emails)
        cursor = page.next or ""
        stage += page.next is None
    is_finished = stage == len(STAGES)
    emails = () if is_finished else case.emails
    unit.run(
        SET,
        (
            encode_text(emails), stage, cursor, changed, at_ms if is_finished else None,
            case.program_id, case.member,
        ),
    )  # fmt: skip
    return limit - left


def unfinished(unit: Unit) -> list[ProgramId]:
    """Give the programs with erasures that are not finished."""
    return sorted(ProgramId(row[0]) for row in unit.rows(UNFINISHED))


def find_erasure(unit: Unit, program_id: ProgramId, member_id: str) -> ErasureRecord | None:
    """Give how far the erasure of a member is; None when nobody of this key was deleted."""
    for rows, requested_ms, finished_ms in unit.rows(FIND, (program_id, member_id)):
        return ErasureRecord(
            member_id=member_id,
            rows=rows,
            requested_at=from_ms(requested_ms),
            finished_at=None if finished_ms is None else from_ms(finished_ms),
        )
    return None
