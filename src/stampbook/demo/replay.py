"""The replay: purchases arrive day by day, and the test clock moves from one to the next."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from stampbook.demo.client import Call, Client
from stampbook.demo.purchases import Purchase, by_day

OPENING_HOUR = time(10, tzinfo=UTC)

Progress = Callable[[int], None]
"""Told how many purchases have just been replayed."""


def order_of(purchase: Purchase) -> dict[str, Any]:
    """Give a purchase as the order that the shop would send."""
    return {
        "order_id": purchase.order_id,
        "member_id": f"customer-{purchase.customer}",
        "order_subtotal": purchase.amount,
        "order_total": purchase.amount,
        "currency": "USD",
        "products": [
            {
                "product_id": "cd",
                "product_title": "Compact disc",
                "product_category": "music",
                "product_price": f"{float(purchase.amount) / purchase.quantity:.2f}",
                "product_quantity": purchase.quantity,
            }
        ],
        "email_address": f"{purchase.customer}@customers.example",
        "first_name": "Customer",
        "last_name": purchase.customer,
    }


def replay(client: Client, purchases: list[Purchase], progress: Progress) -> None:
    """Replay purchases in date order; each day begins with what falls due."""
    for day, bought in by_day(purchases):
        move_clock(client, datetime.combine(day, OPENING_HOUR))
        client.all(Call("POST", "/v1/orders", order_of(purchase)) for purchase in bought)
        progress(len(bought))


def move_clock(client: Client, to: datetime) -> None:
    """Advance the program's clock, in as many requests as it takes."""
    while not client.call("POST", "/v1/clock/advance", {"to": to})["finished"]:
        pass


def opening_of(day: date) -> datetime:
    """Give the instant at which the shop opens on a day."""
    return datetime.combine(day, OPENING_HOUR)
