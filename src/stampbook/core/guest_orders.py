"""Guest orders: an order of somebody who is no member completes the referral that they came by.

Shapes: the order is stored as nobody's, so that its id is taken for ever: it never earns and never
completes anything again.
Source: contract section 2, referrals: enrolled or guest.
"""

from msgspec.structs import replace

from stampbook.core import coupons
from stampbook.core.draft import Draft
from stampbook.core.purchases import Purchase, Terms, received
from stampbook.core.referral_attribution import Bringing
from stampbook.core.referral_completion import catch_up, complete, completes
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.values.ids import OrderId
from stampbook.values.money import from_minor


def complete_by_guest(
    draft: Draft, brought: Bringing, purchase: Purchase, terms: Terms
) -> tuple[Order, Referral] | None:
    """Store a guest's order and complete their claim; None when such an order completes none."""
    activity = next((one for one in draft.definition.activities if one.on == "order"), None)
    order = _order_of(draft, purchase, terms)
    if activity is None or not completes(draft, activity.id, order):
        return None
    referrer = brought.referrer
    catch_up(draft, referrer)
    draft.put_order(None, order)
    claim = replace(
        brought.referral,
        friend_member_id=purchase.member_id,
        friend_email=brought.referral.friend_email or purchase.email_address,
    )
    coupon = referrer.coupons.get(claim.friend_coupon or "")
    if coupon is not None and coupon.code == purchase.coupon_code:
        coupons.use(draft, referrer, coupon, order.order_id)
    return order, complete(draft, referrer, claim, activity.id, order=order)


def _order_of(draft: Draft, purchase: Purchase, terms: Terms) -> Order:
    return Order(
        id=OrderId(draft.ids.take()),
        order_id=purchase.order_id,
        member_id=purchase.member_id,
        created_at=terms.ordered_at,
        modified_at=draft.at,
        currency=terms.currency,
        rate=terms.rate,
        total=from_minor(terms.total, terms.currency),
        subtotal=from_minor(terms.subtotal, terms.currency),
        status=purchase.status,
        financial_status=purchase.financial_status,
        delivery_status=purchase.delivery_status,
        attributes=received(purchase),
        coupon_code=purchase.coupon_code,
        is_guest=True,
    )
