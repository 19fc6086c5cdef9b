"""Coupon awards: an activity gives a coupon beside its points, or in their place.

Source: contract section 2, earning: the benefit of an activity is points or a coupon.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from stampbook.core import coupons
from stampbook.core.book import Book
from stampbook.core.definition import Activity
from stampbook.core.draft import Draft
from stampbook.nouns.coupon import CouponSource
from stampbook.nouns.lot import Approver
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId
from stampbook.values.instants import Instant


def award_coupon(
    draft: Draft,
    book: Book,
    activity: Activity,
    attributes: Mapping[str, Any],
    *,
    auto_approval_at: Instant | None,
    source: CouponSource = "activity",
    order_id: str | None = None,
) -> Transaction:
    """Give the coupon of an activity, at once or once its award is approved."""
    is_immediate = activity.approval.method == "immediate"
    award_id = TransactionId(draft.ids.take())
    coupon = coupons.give(
        draft,
        book,
        draft.definition.coupon_by_id[activity.coupon or ""],
        source,
        held=not is_immediate,
        activity_id=activity.id,
        transaction_id=award_id,
        order_id=order_id,
    )
    award = Transaction(
        id=award_id,
        member_id=book.member.member_id,
        kind="coupon_award",
        status="approved" if is_immediate else "pending",
        points=0,
        created_at=draft.at,
        modified_at=draft.at,
        approved_at=draft.at if is_immediate else None,
        attributes=dict(attributes),
        activity_id=activity.id,
        activity_name=activity.name,
        coupon_code=coupon.code,
        order_id=order_id,
        auto_approval_at=auto_approval_at,
        rule_version=draft.version,
    )
    draft.put_transaction(book, award)
    draft.enter(book, "coupon", 0, award.id)
    return award


def resolve(
    draft: Draft, book: Book, award: Transaction, approver: Approver, *, approved: bool
) -> Transaction:
    """Issue the coupon of an award that waited, or void it."""
    resolved = replace(
        award,
        status="approved" if approved else "rejected",
        approver=approver,
        approved_at=draft.at if approved else None,
        modified_at=draft.at,
    )
    draft.put_transaction(book, resolved)
    coupon = book.coupons.get(award.coupon_code or "")
    if coupon is not None and coupon.status == "held":
        if approved:
            coupons.issue_held(draft, book, coupon)
        else:
            coupons.release(draft, book, coupon)
    return resolved
