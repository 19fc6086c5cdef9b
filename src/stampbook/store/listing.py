"""Listing: pages of members, transactions and coupons, as they were last stored.

Shapes: a page begins after a cursor, which is the id of the last record of the page before.
"""

from typing import Any

from msgspec import Struct

from stampbook.nouns.coupon import Coupon, CouponStatus
from stampbook.nouns.member import SettableStatus
from stampbook.nouns.transaction import Transaction, TransactionKind, TransactionStatus
from stampbook.store.backend import Unit
from stampbook.values.ids import MemberId, ProgramId
from stampbook.values.instants import Instant, to_ms
from stampbook.values.json import decode

MEMBER = "SELECT id FROM member WHERE program_id = ? AND member_id = ? AND status <> 'deleted'"
MEMBERS = "SELECT id FROM member WHERE program_id = ? AND id > ? AND status <> 'deleted'"
TRANSACTIONS = "SELECT body FROM points_transaction WHERE program_id = ?"
COUPONS = "SELECT body FROM coupon WHERE program_id = ?"

HAS_TAG = {
    "sqlite": "EXISTS (SELECT 1 FROM json_each(body, '$.tags') WHERE value = ?)",
    "postgresql": "jsonb_exists(body::jsonb -> 'tags', ?)",
}


class MemberFilter(Struct, frozen=True, kw_only=True):
    """Which members are listed; what is None filters nothing."""

    status: SettableStatus | None = None
    tier_id: str | None = None
    tag: str | None = None
    email: str | None = None
    enrolled_after: Instant | None = None
    enrolled_before: Instant | None = None
    """Exclusive."""
    min_available: int | None = None


class TransactionFilter(Struct, frozen=True, kw_only=True):
    """Which transactions are listed; what is None filters nothing."""

    member: MemberId | None = None
    status: TransactionStatus | None = None
    kind: TransactionKind | None = None


class _Query:
    """A query being put together from the conditions that are wanted."""

    def __init__(self, sql: str, *values: Any) -> None:
        self.sql = sql
        self.values = list(values)

    def where(self, condition: str, value: Any) -> None:
        if value is not None:
            self.sql += f" AND {condition}"
            self.values.append(value)

    def page(self, unit: Unit, order: str, limit: int) -> list[Any]:
        rows = unit.rows(f"{self.sql} ORDER BY {order} LIMIT ?", (*self.values, limit))
        return [row[0] for row in rows]


def find_member(unit: Unit, program_id: ProgramId, member_id: str) -> MemberId | None:
    """Give our own id of a member."""
    rows = unit.rows(MEMBER, (program_id, member_id))
    return MemberId(rows[0][0]) if rows else None


def member_page(
    unit: Unit, program_id: ProgramId, wanted: MemberFilter, after: str, limit: int
) -> list[MemberId]:
    """Give the next members, oldest first."""
    query = _Query(MEMBERS, program_id, after)
    query.where("status = ?", wanted.status)
    query.where("tier_id = ?", wanted.tier_id)
    query.where("email = ?", wanted.email)
    query.where("available >= ?", wanted.min_available)
    query.where("enrolled_at_ms >= ?", _ms(wanted.enrolled_after))
    query.where("enrolled_at_ms < ?", _ms(wanted.enrolled_before))
    query.where(HAS_TAG[unit.dialect.name], wanted.tag)
    return [MemberId(member) for member in query.page(unit, "id", limit)]


def transaction_page(
    unit: Unit, program_id: ProgramId, wanted: TransactionFilter, before: str | None, limit: int
) -> list[Transaction]:
    """Give the next transactions, newest first."""
    query = _Query(TRANSACTIONS, program_id)
    query.where("id < ?", before)
    query.where("member = ?", wanted.member)
    query.where("status = ?", wanted.status)
    query.where("kind = ?", wanted.kind)
    return [decode(body, Transaction) for body in query.page(unit, "id DESC", limit)]


def coupon_page(
    unit: Unit,
    program_id: ProgramId,
    member: MemberId,
    status: CouponStatus | None,
    before: str | None,
    limit: int,
) -> list[Coupon]:
    """Give the next coupons of a member, newest first."""
    query = _Query(COUPONS, program_id)
    query.where("member = ?", member)
    query.where("status = ?", status)
    query.where("id < ?", before)
    return [decode(body, Coupon) for body in query.page(unit, "id DESC", limit)]


def _ms(instant: Instant | None) -> int | None:
    return None if instant is None else to_ms(instant)
