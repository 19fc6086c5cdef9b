"""Coupons: codes are issued, used once, cancelled, or expire.

Source: contract section 1, coupon facts; decisions/0008 for held coupons.
"""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.definition import CouponOffer
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
from stampbook.facts.coupon.issued import CouponIssued
from stampbook.facts.coupon.updated import CouponUpdated
from stampbook.nouns.coupon import Coupon, CouponSource, CouponStatus, CouponTarget, ValueClass
from stampbook.nouns.member import Member
from stampbook.nouns.referral import Referral
from stampbook.nouns.reward import Reward, SubType
from stampbook.nouns.transaction import Transaction
from stampbook.values.contacts import email_key
from stampbook.values.ids import CouponId, TransactionId
from stampbook.values.money import from_minor, to_minor

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 letters and digits that nobody mistakes for each other."""
CODE_LENGTH = 14
"""70 random bits: a code cannot be guessed."""

VALUE_CLASSES: dict[SubType, ValueClass] = {
    "fixed_amount": "amount",
    "flexible_amount": "amount",
    "gift_card": "amount",
    "percentage": "percent",
    "free_shipping": "free_shipping",
    "product": "product",
    "custom": "custom",
}
TARGETS: dict[SubType, CouponTarget] = {"free_shipping": "shipping", "product": "product"}
"""What a reward's coupon is taken off, where it is not the cart."""


def make_code(draft: Draft, prefix: str) -> str:
    """Make a code that cannot be guessed."""
    letters = (CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in draft.secret(CODE_LENGTH))
    return prefix + "".join(letters)


def coupon_for(
    draft: Draft, reward: Reward, redemption: Transaction, *, hold: bool
) -> Coupon | None:
    """Give the coupon of a redemption, from the reward's pool or newly made; not stored yet."""
    if reward.coupon == "none":
        return None
    pooled = draft.free_code(reward.id) if reward.coupon == "pool" else None
    value = reward.value
    if reward.sub_type == "flexible_amount" and value is not None:
        value = value * redemption.points
    days = reward.coupon_days
    return Coupon(
        id=CouponId(draft.ids.take()),
        code=pooled or make_code(draft, reward.code_prefix),
        member_id=redemption.member_id,
        status="held" if hold else "issued",
        source="redemption",
        reward_id=reward.id,
        reward_name=reward.name,
        transaction_id=redemption.id,
        value_class=VALUE_CLASSES[reward.sub_type],
        value=value,
        target=TARGETS.get(reward.sub_type, "cart"),
        minimum_order_amount=reward.minimum_order_amount,
        issued_at=draft.at,
        modified_at=draft.at,
        expires_at=draft.at + timedelta(days=days) if days else None,
    )


def give(  # noqa: PLR0913 - what a coupon is for
    draft: Draft,
    book: Book,
    offer: CouponOffer,
    source: CouponSource,
    *,
    held: bool = False,
    activity_id: str | None = None,
    transaction_id: TransactionId | None = None,
    order_id: str | None = None,
    referral: Referral | None = None,
) -> Coupon:
    """Give a coupon of the program's definition, and say so unless it is held or a friend's.

    Shapes: the coupon of a friend who is no member is kept with whoever referred them, and told
    by the `referral`.
    """
    is_kept = referral is not None and not referral.friend_is_enrolled
    code = make_code(draft, offer.code_prefix)
    coupon = Coupon(
        id=CouponId(draft.ids.take()),
        code=code,
        member_id=book.member.member_id,
        status="held" if held else "issued",
        source=source,
        name=offer.name,
        description=offer.description,
        offer_id=offer.id,
        activity_id=activity_id,
        friend_email=referral.friend_email if referral and is_kept else None,
        referral_id=referral.id if referral else None,
        transaction_id=transaction_id,
        order_id=order_id,
        value_class=offer.value_class,
        value=offer.value,
        target=offer.target,
        minimum_order_amount=offer.minimum_order_amount,
        link=offer.link.replace("{code}", code) if offer.link else None,
        reference_id=offer.reference_id,
        reference_source=offer.reference_source,
        issued_at=draft.at,
        modified_at=draft.at,
        expires_at=draft.at + timedelta(days=offer.days) if offer.days else None,
    )
    draft.put_coupon(book, coupon)
    if not held and not is_kept:
        draft.fact(CouponIssued, book, rule_version=draft.version, coupon=coupon)
    return coupon


def hand_over(draft: Draft, friend: Book, coupon: Coupon) -> Coupon:
    """Give a friend who has enrolled the coupon that was kept with whoever referred them."""
    theirs = replace(
        coupon, member_id=friend.member.member_id, friend_email=None, modified_at=draft.at
    )
    draft.put_coupon(friend, theirs)
    draft.fact(CouponIssued, friend, rule_version=draft.version, coupon=theirs)
    return theirs


def issue(draft: Draft, book: Book, reward: Reward, coupon: Coupon) -> None:
    """Store a coupon, and say that it was given unless it is still on hold."""
    if reward.coupon == "pool":
        draft.take_code(reward.id, coupon.code, coupon.id)
    draft.put_coupon(book, coupon)
    if coupon.status == "issued":
        draft.fact(CouponIssued, book, coupon=coupon)


def issue_held(draft: Draft, book: Book, coupon: Coupon) -> None:
    """Give a coupon whose hold is approved, and say so.

    Source: decisions/0008.
    """
    issued = replace(coupon, status="issued", modified_at=draft.at)
    draft.put_coupon(book, issued)
    draft.fact(CouponIssued, book, coupon=issued)


def change_status(
    draft: Draft, book: Book, coupon: Coupon, status: CouponStatus, points_returned: int = 0
) -> Coupon:
    """Change a coupon's status and say so."""
    changed = replace(coupon, status=status, modified_at=draft.at)
    draft.put_coupon(book, changed)
    draft.fact(CouponUpdated, book, coupon=changed, points_returned=points_returned)
    return changed


def release(draft: Draft, book: Book, coupon: Coupon) -> None:
    """Void the coupon of a hold that came back; a pool's code is free again."""
    reward = draft.definition.reward_by_id.get(coupon.reward_id or "")
    if reward is not None and reward.coupon == "pool":
        draft.take_code(reward.id, coupon.code, None)
    change_status(draft, book, coupon, "released")


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
    return refund(draft, book, coupon)


def refund(draft: Draft, book: Book, coupon: Coupon) -> tuple[Coupon, int]:
    """Cancel a coupon, used or not, and give back the points that bought it, if points did."""
    redemption = draft.transaction(coupon.transaction_id) if coupon.transaction_id else None
    is_ours = redemption is not None and redemption.member_id == coupon.member_id
    if redemption is None or redemption.status != "redeemed" or not is_ours:
        return change_status(draft, book, coupon, "cancelled"), 0
    before = book.member.balances.available
    give_back(draft, book, redemption.paid, held=False)
    draft.put_transaction(book, replace(redemption, status="refunded", modified_at=draft.at))
    draft.enter(book, "refund", redemption.points, redemption.id, moves=returned(redemption.paid))
    cancelled = change_status(draft, book, coupon, "cancelled", redemption.points)
    expire_returned(draft, book)  # points of an expired lot are gone and pay no debt
    repay(draft, book)
    announce(draft, book, before)
    return cancelled, redemption.points
