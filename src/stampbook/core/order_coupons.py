"""Order coupons: an order uses a coupon, and what it used or earned goes when the order does.

Source: decisions/0013.
"""

from msgspec.structs import replace

from stampbook.core.awards import reject
from stampbook.core.book import Book
from stampbook.core.coupon_uses import bring_back, refund, refuses_use, use
from stampbook.core.coupons import change_status
from stampbook.core.draft import Draft
from stampbook.core.order_money import bought
from stampbook.core.refusals import Refused
from stampbook.core.refusing import state_refusal
from stampbook.facts.reward.refused import RewardRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.lot import SYSTEM
from stampbook.nouns.order import Order
from stampbook.values.money import converted


def use_for(draft: Draft, book: Book, order: Order) -> tuple[Order, Coupon | None, Refused | None]:
    """Use the coupon that an order names, if it is one of ours.

    Shapes: the sale happened either way, so a coupon that may not be used is stated as refused and
    leaves the order as it is.
    """
    coupon = draft.coupon(order.coupon_code) if order.coupon_code else None
    owner = draft.book_of(coupon.member_id) if coupon else None
    if coupon is None or owner is None:
        return order, None, None
    if coupon.status != "used" or coupon.used_by_order_id != order.order_id:
        currency = draft.definition.currency
        cart = converted(bought(order), order.currency, currency, order.rate)
        refused = refuses_use(draft, coupon, order.order_id, user=book, cart=cart)
        if refused is not None:
            refused = replace(refused, member_id=order.member_id)
            state_refusal(draft, RewardRefused, refused)
            return order, None, refused
        coupon = use(draft, owner, coupon, order.order_id)
    order = replace(order, coupon_id=coupon.id, coins_spent=_price(draft, coupon))
    return order, coupon, None


def _price(draft: Draft, coupon: Coupon) -> int:
    redemption = draft.transaction(coupon.transaction_id) if coupon.transaction_id else None
    return redemption.points if redemption and redemption.kind == "redeem" else 0


def let_go(draft: Draft, book: Book, order: Order) -> Order:
    """Let go of the coupons of an order that was cancelled or has come back in full."""
    for coupon in list(book.coupons.values()):
        if coupon.order_id == order.order_id:
            _withdraw(draft, book, coupon)
    settings = draft.definition.orders
    is_meant = settings.restore_coupon == "refunded" or (
        settings.restore_coupon == "cancelled" and order.cancelled_at is not None
    )
    coupon = draft.coupon(order.coupon_code or "") if order.coupon_id and is_meant else None
    if coupon is None or coupon.used_by_order_id != order.order_id or coupon.status != "used":
        return order
    if coupon.member_id != order.member_id:
        return order  # a friend's incentive is given once, whatever becomes of the order
    if settings.restore_as == "points" and _price(draft, coupon):
        refund(draft, book, coupon)
        return replace(order, coins_spent=0)
    bring_back(draft, book, coupon)
    return order


def _withdraw(draft: Draft, book: Book, coupon: Coupon) -> None:
    """Take back a coupon that an order earned, unless it is used."""
    award = book.pending.get(coupon.transaction_id) if coupon.transaction_id else None
    if award is not None:
        reject(draft, book, award, SYSTEM)
    else:
        change_status(draft, book, coupon, "cancelled")
