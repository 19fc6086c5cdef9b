"""Answers: what was replied about the deleted member, by us and by receivers of webhooks."""

from typing import Any

from msgspec import Struct

from stampbook.core.refusals import IDEMPOTENCY_ANSWER_ERASED, refuse
from stampbook.store.backend import Unit
from stampbook.store.erasing.case import Case, Page
from stampbook.values.json import decode, encode_text

FACTS = (
    "SELECT id, sequence FROM fact WHERE program_id = ? AND member = ? AND sequence > ? "
    "ORDER BY sequence LIMIT ?"
)
REQUESTS = (
    "SELECT DISTINCT request_id FROM delivery WHERE program_id = ? AND fact_id IN (?*) "
    "AND request_id IS NOT NULL"
)
SET_EXCERPT = (
    "UPDATE attempt SET response_excerpt = '' WHERE program_id = ? AND request_id IN (?*) "
    "AND response_excerpt <> ''"
)
SET_OWN_EXCERPT = (
    "UPDATE delivery SET response_excerpt = NULL WHERE program_id = ? AND fact_id IN (?*) "
    "AND response_excerpt IS NOT NULL"
)
KEYS = (
    "SELECT key, principal, outcome FROM idempotency WHERE program_id = ? "
    "AND (key, principal) > (?, ?) ORDER BY key, principal LIMIT ?"
)
SET_OUTCOME = (
    "UPDATE idempotency SET outcome = ? WHERE program_id = ? AND key = ? AND principal = ?"
)
ERASED = encode_text({"refused": refuse(IDEMPOTENCY_ANSWER_ERASED)})
ONLY_KEYS = {"member_ids"}
"""A reply that tells no more than whom it deleted."""


class _Kept(Struct, frozen=True):
    """An outcome as the engine keeps it; the answers of other writes are encrypted."""

    done: dict[str, Any] = {}
    refused: dict[str, Any] | None = None


def erase_excerpts(unit: Unit, case: Case, cursor: str, limit: int) -> Page:
    """Erase what receivers answered to a page of the member's facts: they may repeat them."""
    rows = unit.rows(FACTS, (case.program_id, case.member, int(cursor or 0), limit))
    ids = [row[0] for row in rows]
    requests = [row[0] for row in unit.rows(REQUESTS, (case.program_id, ids))]
    changed = unit.run(SET_EXCERPT, (case.program_id, requests)) if requests else 0
    changed += unit.run(SET_OWN_EXCERPT, (case.program_id, ids)) if ids else 0
    following = str(rows[-1][1]) if len(rows) == limit else None
    return Page(seen=len(rows), changed=changed, next=following)


def erase_answers(unit: Unit, case: Case, cursor: str, limit: int) -> Page:
    """Erase a page of the answers that are kept under idempotency keys."""
    after = decode(cursor, tuple[str, str]) if cursor else ("", "")
    rows = unit.rows(KEYS, (case.program_id, *after, limit))
    needles = case.needles
    changed = [
        (ERASED, case.program_id, key, principal)
        for key, principal, outcome in rows
        if any(needle in outcome.casefold() for needle in needles) and _tells_more(outcome)
    ]
    unit.many(SET_OUTCOME, changed)
    following = encode_text(rows[-1][:2]) if len(rows) == limit else None
    return Page(seen=len(rows), changed=len(changed), next=following)


def _tells_more(outcome: str) -> bool:
    kept = decode(outcome, _Kept)
    if kept.refused is not None:
        return kept.refused.get("code") != IDEMPOTENCY_ANSWER_ERASED.code
    return kept.done.keys() != ONLY_KEYS
