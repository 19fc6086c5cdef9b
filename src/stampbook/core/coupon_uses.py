"""Coupon uses: a coupon is used once, comes back, or is cancelled.

Source: contract section 1, coupon facts; decisions/0013.
"""

from typing import Any

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.coupons import change_status
from stampbook.core.draft import Draft
from stampbook.core.expiry import expire_returned
from stampbook.core.ledger import give_back, repay, returned
from stampbook.core.refusals import (
    COUPON_ALREADY_USED,
    COUPON_EXPIRED,
    COUPON_MERGED,
    COUPON_MINIMUM_NOT_MET,
    COUPON_NOT_FOUND,
    COUPON_NOT_USABLE,
    COUPON_OF_ANOTHER,
    Refused,
    refuse,
)
from stampbook.core.rewards import announce
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import Member
from stampbook.values.contacts import email_key
from stampbook.values.money import from_minor, to_minor


def known_coupon(draft: Draft, code: str) -> tuple[Book, Coupon] | Refused:
    """Give a coupon with its member's book."""
    coupon = draft.coupon(code)
    book = draft.book_of(coupon.member_id) if coupon else None
    if coupon is None or book is None:
        return refuse(COUPON_NOT_FOUND, field="code")
    return book, coupon


def _not_open(coupon: Coupon) -> Refused | None:
    codes = {
        "used": COUPON_ALREADY_USED,
        "expired": COUPON_EXPIRED,
        "held": COUPON_NOT_USABLE,
        "cancelled": COUPON_NOT_USABLE,
        "released": COUPON_NOT_USABLE,
    }
    code = codes.get(coupon.status)
    if code is None:
        return None
    return refuse(
        code,
        field="code",
        member_id=coupon.member_id,
        reward_id=coupon.reward_id,
        status=coupon.status,
    )


def refuses_use(
    draft: Draft,
    coupon: Coupon,
    order_id: str | None,
    *,
    user: Book | None = None,
    cart: int | None = None,
) -> Refused | None:
    """Tell why a coupon may not be used; by whom and for what is checked if it is known.

    Units: `cart` in minor units of the program's currency.
    """
    about: dict[str, Any] = {"reward_id": coupon.reward_id, "order_id": order_id}
    if user is not None and not _may_use(user.member, coupon):
        return refuse(
            COUPON_OF_ANOTHER, field="member_id", member_id=user.member.member_id, **about
        )
    refused = _not_open(coupon)
    if refused is not None:
        return replace(refused, facts={**refused.facts, **about})
    minimum = to_minor(coupon.minimum_order_amount or 0, draft.definition.currency) or 0
    if cart is not None and cart < minimum:
        return refuse(
            COUPON_MINIMUM_NOT_MET,
            field="order_subtotal",
            member_id=coupon.member_id,
            **about,
            minimum_order_amount=coupon.minimum_order_amount,
            missing=from_minor(minimum - cart, draft.definition.currency),
        )
    return None


def _may_use(member: Member, coupon: Coupon) -> bool:
    if coupon.friend_email is None:
        return coupon.member_id == member.member_id
    email = member.email_address
    return email is not None and email_key(email) == email_key(coupon.friend_email)


def use(draft: Draft, book: Book, coupon: Coupon, order_id: str | None) -> Coupon:
    """Use a coupon that may be used."""
    used = replace(coupon, used_at=draft.at, used_by_order_id=order_id)
    return change_status(draft, book, used, "used")


def bring_back(draft: Draft, book: Book, coupon: Coupon) -> Coupon:
    """Let a used coupon be used again, unless it has expired meanwhile."""
    unused = replace(coupon, used_at=None, used_by_order_id=None)
    is_over = coupon.expires_at is not None and coupon.expires_at <= draft.at
    return change_status(draft, book, unused, "expired" if is_over else "issued")


def cancel(
    draft: Draft, book: Book, coupon: Coupon, *, refund_points: bool
) -> tuple[Coupon, int] | Refused:
    """Cancel a coupon; by wish the points that bought it go back to the lots that paid."""
    refused = _not_open(coupon)
    if refused is not None:
        return refused
    if not refund_points:
        return change_status(draft, book, coupon, "cancelled"), 0
    redemption = draft.transaction(coupon.transaction_id) if coupon.transaction_id else None
    if redemption is not None and redemption.member_id != coupon.member_id:
        return refuse(COUPON_MERGED, field="refund", member_id=coupon.member_id)
    before = book.member.balances.available
    cancelled = refund(draft, book, coupon)
    announce(draft, book, before)
    return cancelled


def refund(draft: Draft, book: Book, coupon: Coupon) -> tuple[Coupon, int]:
    """Cancel a coupon, used or not, and give back the points that bought it, if points did.

    Shapes: what the member can now afford is announced by the caller, when all is done.
    """
    redemption = draft.transaction(coupon.transaction_id) if coupon.transaction_id else None
    is_ours = redemption is not None and redemption.member_id == coupon.member_id
    if redemption is None or redemption.status != "redeemed" or not is_ours:
        return change_status(draft, book, coupon, "cancelled"), 0
    give_back(draft, book, redemption.paid, held=False)
    draft.put_transaction(book, replace(redemption, status="refunded", modified_at=draft.at))
    draft.enter(book, "refund", redemption.points, redemption.id, moves=returned(redemption.paid))
    cancelled = change_status(draft, book, coupon, "cancelled", redemption.points)
    expire_returned(draft, book)  # points of an expired lot are gone and pay no debt
    repay(draft, book)
    return cancelled, redemption.points
