"""Mentions: what others' rows say of the deleted member: as a friend, or as a guest."""

from collections.abc import Sequence

from stampbook.core.erasure import erased, erased_mention
from stampbook.facts import FactData, catalogue
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.nouns.review import Review
from stampbook.store.backend import Row, Unit
from stampbook.store.erasing.case import Case, Page
from stampbook.store.erasing.records import SET_FACT
from stampbook.store.sql import keyed
from stampbook.values.contacts import email_key, mailbox_key
from stampbook.values.ids import MemberId
from stampbook.values.json import decode, encode_text

REFERRALS = (
    "SELECT id, referrer FROM referral WHERE program_id = ? AND id > ? "
    "AND (friend_member_id = ? OR friend_email IN (?*)) ORDER BY id LIMIT 1"
)
OF_REFERRAL = "SELECT body FROM referral WHERE program_id = ? AND id = ?"
SET_REFERRAL = "UPDATE referral SET body = ?, friend_email = NULL WHERE program_id = ? AND id = ?"
ORDER = "SELECT body FROM customer_order WHERE program_id = ? AND order_id = ?"
SET_ORDER = "UPDATE customer_order SET body = ? WHERE program_id = ? AND order_id = ?"
COUPON = "SELECT body FROM coupon WHERE program_id = ? AND code = ?"
SET_COUPON = "UPDATE coupon SET body = ? WHERE program_id = ? AND code = ?"
FACTS = (
    "SELECT id, type, sequence, body FROM fact WHERE program_id = ? AND member = ? "
    "AND sequence > ? AND (type LIKE 'referral.%' OR type LIKE 'coupon.%') AND body <> '' "
    "ORDER BY sequence LIMIT ?"
)
SHARED = "referral.link_shared"
SHARES = (
    "SELECT id, type, position, body FROM fact WHERE program_id = ? AND position > ? "
    f"AND type = '{SHARED}' AND body <> '' ORDER BY position LIMIT ?"
)
GUEST_REVIEWS = (
    "SELECT id, body FROM review WHERE program_id = ? AND member IS NULL AND id > ? "
    "ORDER BY id LIMIT ?"
)
OF_GUEST = "SELECT id, type, body FROM fact WHERE program_id = ? AND member = ? AND body <> ''"
"""A guest has the id of their review."""
SET_REVIEW = "UPDATE review SET body = ? WHERE program_id = ? AND id = ?"


def erase_referrals(unit: Unit, case: Case, cursor: str, limit: int) -> Page:
    """Erase a page of what a referrer's rows say of the member as their friend.

    Shapes: the cursor names the referral in hand, and the referrer's fact that was looked at last.
    """
    last, sequence = decode(cursor, tuple[str, int]) if cursor else ("", 0)
    mailboxes = sorted(map(mailbox_key, case.emails))
    wanted = (case.program_id, last, case.member_id, mailboxes)
    found = unit.rows(REFERRALS, wanted)
    if not found:
        return Page(seen=1)
    referral_id, referrer = found[0]
    _lock(unit, case, referrer)
    rows = unit.rows(FACTS, (case.program_id, referrer, sequence, limit))
    changed = _erase_mentions(unit, case, rows, (*case.needles, referral_id))
    if len(rows) == limit:
        return Page(seen=limit, changed=changed, next=encode_text((last, rows[-1][2])))
    changed += _erase_referral(unit, case, referral_id)
    return Page(seen=len(rows) + 1, changed=changed, next=encode_text((referral_id, 0)))


def _lock(unit: Unit, case: Case, member: MemberId) -> None:
    """Keep the engine from writing rows of a member that it read before us."""
    sql = keyed(unit.dialect, "id", "member", "id", lock=unit.dialect.lock)
    unit.rows(sql, (case.program_id, [member]))


def _erase_mentions(unit: Unit, case: Case, rows: Sequence[Row], needles: Sequence[str]) -> int:
    changed: list[tuple[str, str, str]] = []
    for fact_id, kind, _, body in rows:
        folded = body.casefold()
        if any(needle in folded for needle in needles):
            fact = decode(body, catalogue()[kind].data)
            if isinstance(fact, FactData):  # facts about endpoints name nobody
                changed.append((encode_text(erased_mention(fact)), case.program_id, fact_id))
    unit.many(SET_FACT, changed)
    return len(changed)


def _erase_referral(unit: Unit, case: Case, referral_id: str) -> int:
    """Erase a referral, the coupon of the friend, and the order that they made as a guest."""
    [(body,)] = unit.rows(OF_REFERRAL, (case.program_id, referral_id))
    referral = decode(body, Referral)
    unit.run(SET_REFERRAL, (encode_text(erased(referral)), case.program_id, referral_id))
    changed = 1
    for (coupon,) in unit.rows(COUPON, (case.program_id, referral.friend_coupon or "")):
        bare = encode_text(erased(decode(coupon, Coupon)))
        changed += unit.run(SET_COUPON, (bare, case.program_id, referral.friend_coupon))
    for (order,) in unit.rows(ORDER, (case.program_id, referral.order_id or "")):
        bought = decode(order, Order)
        if bought.is_guest:
            bare = encode_text(erased(bought))
            changed += unit.run(SET_ORDER, (bare, case.program_id, referral.order_id))
    return changed


def erase_shares(unit: Unit, case: Case, cursor: str, limit: int) -> Page:
    """Erase a page of the links that others sent to the member's e-mail addresses."""
    if not case.emails:
        return Page(seen=0)
    rows = unit.rows(SHARES, (case.program_id, int(cursor or 0), limit))
    needles = [encode_text(email)[1:-1] for email in case.emails]
    changed = _erase_mentions(unit, case, rows, needles)
    following = str(rows[-1][2]) if len(rows) == limit else None
    return Page(seen=len(rows), changed=changed, next=following)


def erase_guest_reviews(unit: Unit, case: Case, cursor: str, limit: int) -> Page:
    """Erase a page of the reviews that the member wrote as a guest, and the facts of them."""
    if not case.emails:
        return Page(seen=0)
    rows = unit.rows(GUEST_REVIEWS, (case.program_id, cursor, limit))
    changed: list[tuple[str, str, str]] = []
    for review_id, body in rows:
        review = decode(body, Review)
        if review.email_address and email_key(review.email_address) in case.emails:
            changed.append((encode_text(erased(review)), case.program_id, review_id))
    unit.many(SET_REVIEW, changed)
    told = [
        (encode_text(erased(decode(body, catalogue()[kind].data))), case.program_id, fact_id)
        for _, _, review_id in changed
        for fact_id, kind, body in unit.rows(OF_GUEST, (case.program_id, review_id))
    ]
    unit.many(SET_FACT, told)
    following = rows[-1][0] if len(rows) == limit else None
    return Page(seen=len(rows), changed=len(changed) + len(told), next=following)
