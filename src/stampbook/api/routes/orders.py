"""Orders: what members buy, what comes back, and what an order would earn."""

from stampbook.api.route import Submit
from stampbook.commands.record_order import OrderRecorded, RecordOrder
from stampbook.commands.return_order import OrderReturned, ReturnOrder
from stampbook.commands.update_order import OrderUpdated, UpdateOrder
from stampbook.core.refusals import (
    INSTANT_IN_FUTURE,
    MEMBER_BLOCKED,
    MEMBER_ID_RETIRED,
    ORDER_ALREADY_RECORDED,
    ORDER_ALREADY_RETURNED,
    ORDER_AMOUNT_INVALID,
    ORDER_CURRENCY_UNKNOWN,
    ORDER_NOT_FOUND,
    ORDER_PRODUCT_UNKNOWN,
    ORDER_RETURN_TOO_LARGE,
    POINTS_INSUFFICIENT,
    PROGRAM_AUTO_ENROL_OFF,
)

RECORDING_REFUSES = (
    PROGRAM_AUTO_ENROL_OFF,
    MEMBER_BLOCKED,
    MEMBER_ID_RETIRED,
    ORDER_ALREADY_RECORDED,
    ORDER_AMOUNT_INVALID,
    ORDER_CURRENCY_UNKNOWN,
    INSTANT_IN_FUTURE,
)
AN_ORDER = {
    "order_id": "1001",
    "member_id": "anna@shop.example",
    "order_subtotal": 84.5,
    "order_total": "92.40",
    "currency": "EUR",
    "products": [
        {
            "product_id": "beans-1kg",
            "product_title": "Coffee beans",
            "product_category": "coffee",
            "product_price": 42.25,
            "product_quantity": 2,
        }
    ],
}

ROUTES = (
    Submit(
        method="POST",
        path="/v1/orders",
        summary="Record an order",
        scope="write",
        asks=RecordOrder,
        gives=OrderRecorded,
        status=201,
        refuses=RECORDING_REFUSES,
        example=AN_ORDER,
    ),
    Submit(
        method="PATCH",
        path="/v1/orders/{order_id}",
        summary="Change an order's status, payment or delivery",
        scope="write",
        asks=UpdateOrder,
        gives=OrderUpdated,
        refuses=(ORDER_NOT_FOUND,),
        example={"financial_status": "paid", "delivery_status": "fulfilled"},
    ),
    Submit(
        method="POST",
        path="/v1/orders/{order_id}/return",
        summary="Return an order, or a part of it",
        scope="write",
        asks=ReturnOrder,
        gives=OrderReturned,
        refuses=(
            ORDER_NOT_FOUND,
            ORDER_ALREADY_RETURNED,
            ORDER_AMOUNT_INVALID,
            ORDER_PRODUCT_UNKNOWN,
            ORDER_RETURN_TOO_LARGE,
            POINTS_INSUFFICIENT,
        ),
        example={
            "returned_products": [{"product_id": "beans-1kg", "quantity": 1}],
            "reason": "damaged",
        },
    ),
)
