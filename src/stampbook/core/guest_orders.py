"""Guest orders: an order of somebody who is no member completes the referral that they came by.

Shapes: the order is stored as nobody's, so that its id is taken for ever: it never earns and never
completes anything again.
Source: contract section 2, referrals: enrolled or guest; decisions/0018.
"""

from msgspec.structs import replace

from stampbook.core.book import Book
from stampbook.core.coupon_uses import refuses_use, use
from stampbook.core.draft import Draft
from stampbook.core.order_money import bought, counts
from stampbook.core.orders import order_of
from stampbook.core.purchases import Purchase, Terms
from stampbook.core.referral_attribution import Bringing
from stampbook.core.referral_completion import catch_up, complete, completes
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.values.money import converted


def complete_by_guest(
    draft: Draft, brought: Bringing, purchase: Purchase, terms: Terms
) -> tuple[Order, Referral] | None:
    """Store a guest's order and complete their claim; None when such an order completes none.

    Shapes: an order that does not count yet is not stored, so that the shop may send it again.
    """
    activity = draft.definition.order_activity
    order = replace(order_of(draft, purchase, terms), is_guest=True, review_at=None)
    if activity is None or not counts(order) or not completes(draft, activity.id, order):
        return None
    referrer = brought.referrer
    catch_up(draft, referrer)
    claim = replace(
        brought.referral,
        friend_member_id=purchase.member_id,
        friend_email=brought.referral.friend_email or purchase.email_address,
    )
    order = _with_coupon(draft, referrer, claim, order)
    draft.put_order(None, order)
    return order, complete(draft, referrer, claim, activity.id, order=order)


def _with_coupon(draft: Draft, referrer: Book, claim: Referral, order: Order) -> Order:
    """Use the incentive that the referrer's book keeps for the guest, if the order names it."""
    coupon = referrer.coupons.get(claim.friend_coupon or "")
    if coupon is None or coupon.code != order.coupon_code:
        return order
    currency = draft.definition.currency
    cart = converted(bought(order), order.currency, currency, order.rate)
    if refuses_use(draft, coupon, order.order_id, cart=cart) is not None:
        return order  # the sale happened either way
    return replace(order, coupon_id=use(draft, referrer, coupon, order.order_id).id)
