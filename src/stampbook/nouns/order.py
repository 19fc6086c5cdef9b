"""An order: what a member bought, as the shop sent it, and what has become of it since."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from stampbook.nouns.member import Member, name_of
from stampbook.values.amounts import Amount, Key, Line, Link
from stampbook.values.ids import CouponId, OrderId, TransactionId
from stampbook.values.instants import Instant
from stampbook.values.uuids import uuid_of


class Product(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an order. Units: product_price is the price of one."""

    product_id: Key
    product_price: Amount = 0
    product_title: Line | None = None
    product_category: Line | None = None
    product_quantity: Amount = 1
    product_url: Link | None = None
    product_image_url: Link | None = None


Products = Annotated[tuple[Product, ...], Meta(max_length=500)]


class Order(Struct, frozen=True, kw_only=True):
    """An order as it stands now.

    Shapes: amounts are in the order's own currency; `rate` is what one unit of it was worth in the
    program's currency when it was recorded, and stays so. What decides about points changes one
    way only (`is_waiting` ends, `cancelled_at` comes, `returned_amount` grows), so that it does
    not matter in which order updates arrive. Source: decisions/0013.
    """

    id: OrderId | None = None
    """Our own; None of an order from before it had one."""
    order_id: str
    member_id: str
    created_at: Instant
    modified_at: Instant
    currency: str
    total: float
    """Units: the order's currency."""
    subtotal: float
    """What earning rules multiply by default. Units: the order's currency."""
    status: str | None = None
    financial_status: str | None = None
    delivery_status: str | None = None
    attributes: dict[str, Any] = {}
    """As received, amounts with the type that the caller sent."""
    award_id: TransactionId | None = None
    """The award that the order earned, if it earned."""
    returned_amount: float = 0.0
    """What has come back of the subtotal, whether returns named it or refunds say so.

    Units: the order's currency."""
    returned_products: dict[str, float] = {}
    """Quantities returned so far, by product id."""
    returned_in_full: bool = False
    is_guest: bool = False
    """Its customer is no member; it is stored because it completed a referral, and never earns."""
    review_at: Instant | None = None
    """When the customer is asked for a review; None when they were, or will not be."""
    rate: float = 1.0
    name: str | None = None
    """What people call it, such as a number."""
    source: str | None = None
    """The shop system that it comes from."""
    cart_token: str | None = None
    discount: float | None = None
    tax: float | None = None
    payment_source: str | None = None
    payment_medium: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    driven_by: str | None = None
    """What brought the order about."""
    coupon_driven_by: str | None = None
    """What brought the redemption of its coupon about."""
    coupon_code: str | None = None
    """As received, whether or not it is a code of ours."""
    coupon_id: CouponId | None = None
    """The coupon of ours that the order used."""
    coins_spent: int = 0
    """Units: points that the coupon was bought with."""
    coins_rewarded: int = 0
    """Units: points that the order earned and has not lost again, pending ones among them."""
    is_rewarded: bool = False
    """The points were approved; told anew with each change of the order."""
    link: str | None = None
    """Where the customer sees it."""
    refunded: float = 0.0
    """The money that went back so far, as the shop says it. Units: the order's currency."""
    refunded_ahead: float = 0.0
    """How much of `returned_amount` was refunded and no return has named yet, so that a return
    and its refund count once. Units: the order's currency."""
    is_waiting: bool = False
    """It does not count yet: it is not what orders must be before they earn."""
    cancelled_at: Instant | None = None
    """A cancelled order stays cancelled."""
    fulfilled_at: Instant | None = None
    said_at: dict[str, Instant] = {}
    """When the shop last said each field that may change, where it gave a time."""


def nector_order(order: Order, member: Member) -> dict[str, Any]:
    """Spell an order of a member.

    Units: the order's currency. Source: contract section 4.
    """
    currency = order.currency.lower()
    return {
        "entity_id": order.id and uuid_of(order.id),
        "lead_id": uuid_of(member.id),
        "reference_order_name": order.name,
        "reference_order_id": order.order_id,
        "reference_order_source": order.source,
        "activity_id": None,  # its points name theirs
        "currency_code": currency,
        "reference_cart_token": order.cart_token,
        "fiat_amount": order.total,
        "fiat_discount": order.discount or 0,
        "fiat_tax": order.tax or 0,
        "payment_source": order.payment_source,
        "payment_medium": order.payment_medium,
        "utm_source": order.utm_source,
        "utm_medium": order.utm_medium,
        "utm_campaign": order.utm_campaign,
        "order_driven_by": order.driven_by,
        "couponredeem_driven_by": order.coupon_driven_by,
        "status": order.status,
        "financial_status": order.financial_status,
        "delivery_status": order.delivery_status,
        "meta__lead_name": name_of(member),
        "meta__coin_spent": order.coins_spent,
        "meta__coin_reward": order.coins_rewarded,
        "meta__is_rewarded": order.is_rewarded,
        "meta__currency_code": currency,
        "meta__redirect_link": order.link,
        "updated_at": order.modified_at,
        "created_at": order.created_at,
    }
