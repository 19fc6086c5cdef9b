"""Records: the deleted member's own facts and rows, without what could name them."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from stampbook.core.erasure import erased
from stampbook.facts import FactData, catalogue
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.nouns.review import Review
from stampbook.nouns.transaction import Transaction
from stampbook.store.backend import Unit
from stampbook.store.erasing.case import Case, Page
from stampbook.values.contacts import email_key
from stampbook.values.json import decode, encode_text

FACTS = (
    "SELECT id, type, sequence, body FROM fact "
    "WHERE program_id = ? AND member = ? AND sequence > ? AND body <> '' "
    "ORDER BY sequence LIMIT ?"
)
SET_FACT = "UPDATE fact SET body = ? WHERE program_id = ? AND id = ?"


OF_MEMBER = "program_id = ? AND member = ?"
OF_REFERRER = "program_id = ? AND referrer = ?"
IN_LEDGER = (
    "(program_id, id, member) IN "
    f"(SELECT program_id, transaction_id, member FROM entry WHERE {OF_MEMBER})"
)
"""Transactions have no index by member. Source: decisions/0020."""


class Own(Struct, frozen=True):
    """Where a kind of record of a member is. `blank` sets columns that name somebody."""

    record: type[Struct]
    key: str
    owned: str = OF_MEMBER
    blank: str = ""


OWN: Mapping[str, Own] = MappingProxyType(
    {
        "points_transaction": Own(Transaction, "id", IN_LEDGER),
        "customer_order": Own(Order, "order_id"),
        "coupon": Own(Coupon, "code"),
        "referral": Own(Referral, "id", OF_REFERRER, ", friend_email = NULL"),
        "review": Own(Review, "id"),
    }
)


def erase_facts(unit: Unit, case: Case, cursor: str, limit: int) -> Page:
    """Erase a page of the member's facts; their types, instants and sequence stay."""
    rows = unit.rows(FACTS, (case.program_id, case.member, int(cursor or 0), limit))
    changed: list[tuple[str, str, str]] = []
    emails: list[str] = []
    for fact_id, kind, _, body in rows:
        fact = decode(body, catalogue()[kind].data)
        assert isinstance(fact, FactData), "a member's facts are about the member"
        if fact.member.email_address:
            emails.append(email_key(fact.member.email_address))
        if (bare := erased(fact)) is not fact:
            changed.append((encode_text(bare), case.program_id, fact_id))
    unit.many(SET_FACT, changed)
    return Page(
        seen=len(rows),
        changed=len(changed),
        next=str(rows[-1][2]) if len(rows) == limit else None,
        emails=tuple(dict.fromkeys(emails)),
    )


def erase_records(table: str, unit: Unit, case: Case, cursor: str, limit: int) -> Page:
    """Erase a page of the member's rows of one table."""
    own = OWN[table]
    rows = unit.rows(
        f"SELECT {own.key}, body FROM {table} WHERE {own.owned} "
        f"AND {own.key} > ? ORDER BY {own.key} LIMIT ?",
        (case.program_id, case.member, cursor, limit),
    )
    changed: list[tuple[str, str, str]] = []
    for key, body in rows:
        record = decode(body, own.record)
        if (bare := erased(record)) is not record:
            changed.append((encode_text(bare), case.program_id, key))
    unit.many(
        f"UPDATE {table} SET body = ?{own.blank} WHERE program_id = ? AND {own.key} = ?", changed
    )
    return Page(
        seen=len(rows), changed=len(changed), next=rows[-1][0] if len(rows) == limit else None
    )
