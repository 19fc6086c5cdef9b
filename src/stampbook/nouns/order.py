"""An order: what a member bought, as the shop sent it, and what has come back since."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from stampbook.values.amounts import Amount, Key, Line, Link
from stampbook.values.ids import TransactionId
from stampbook.values.instants import Instant


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
    """An order as it stands now."""

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
    """Units: the order's currency."""
    returned_products: dict[str, float] = {}
    """Quantities returned so far, by product id."""
    returned_in_full: bool = False
    review_at: Instant | None = None
    """When the customer is asked for a review; None when they were, or will not be."""
