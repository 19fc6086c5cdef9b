"""Purchases: an order of a fact becomes the request that recorded or changed it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec import convert

from stampbook.commands import Command
from stampbook.commands.record_order import RecordOrder
from stampbook.commands.return_order import ReturnOrder
from stampbook.commands.update_order import UpdateOrder
from stampbook.core.returns import ReturnedProduct
from stampbook.facts.order.updated import OrderUpdated
from stampbook.nouns.order import Order, Products
from stampbook.values.instants import Instant

ZERO = Decimal(0)


def purchase_of(order: Order, at: Instant) -> RecordOrder:
    """Give the request that recorded an order at an instant."""
    fields = RecordOrder.__struct_fields__
    known: dict[str, Any] = {
        name: getattr(order, name) for name in fields if name in Order.__struct_fields__
    }
    received = {key: value for key, value in order.attributes.items() if key in fields}
    others = {key: value for key, value in order.attributes.items() if key not in fields}
    known.update(received, attributes=others)
    if "products" in received:
        known["products"] = convert(received["products"], Products)
    if "tags" in received:
        known["tags"] = tuple(received["tags"])
    known["ordered_at"] = order.created_at if order.created_at < at else None
    return RecordOrder(**known)


def changes_of(before: Order | None, fact: OrderUpdated) -> Iterator[Command]:
    """Give the request that changed an order: what the shop said of it, or a return."""
    order = fact.order
    names = set(fact.changed).intersection(UpdateOrder.__struct_fields__)
    changes: dict[str, Any] = {name: getattr(order, name) for name in names}
    if "attributes" in fact.changed:
        changes["tags"] = tuple(order.attributes["tags"])  # nothing else of them changes
    if changes:
        yield UpdateOrder(order_id=order.order_id, **changes)
    elif fact.returned_amount:
        yield _return_of(before, fact)


def _return_of(before: Order | None, fact: OrderUpdated) -> ReturnOrder:
    order = fact.order
    so_far = before.returned_products if before else {}
    products = tuple(
        ReturnedProduct(product_id=product, quantity=float(back))
        for product, quantity in order.returned_products.items()
        if (back := Decimal(str(quantity)) - Decimal(str(so_far.get(product, 0)))) > ZERO
    )
    if products or order.returned_in_full:
        # a return in full is whatever is left, and products say what they are worth themselves
        return ReturnOrder(order_id=order.order_id, returned_products=products)
    return ReturnOrder(order_id=order.order_id, returned_amount=fact.returned_amount)
