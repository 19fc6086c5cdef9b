"""Coupons: codes are made, held and issued, and change their status.

Source: contract section 1, coupon facts; decisions/0008 for held coupons.
"""

from datetime import timedelta

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.definition import CouponOffer
from stampbook.core.draft import Draft
from stampbook.facts.coupon.issued import CouponIssued
from stampbook.facts.coupon.updated import CouponUpdated
from stampbook.nouns.coupon import Coupon, CouponSource, CouponStatus, CouponTarget, ValueClass
from stampbook.nouns.referral import Referral
from stampbook.nouns.reward import Reward, SubType
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import CouponId, TransactionId

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
    code = pooled or make_code(draft, reward.code_prefix)
    return Coupon(
        id=CouponId(draft.ids.take()),
        code=code,
        member_id=redemption.member_id,
        status="held" if hold else "issued",
        source="redemption",
        name=reward.name,
        description=reward.description,
        link=reward.link.replace("{code}", code) if reward.link else None,
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
