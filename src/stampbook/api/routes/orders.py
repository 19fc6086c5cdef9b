"""Orders: what members buy, what comes back, and what an order would earn."""

from msgspec import Struct

from stampbook.api.asking import OfMember
from stampbook.api.desk import Desk
from stampbook.api.paging import cursors_checked
from stampbook.api.problem import CURSOR_INVALID, RefusedError
from stampbook.api.route import Answer, Submit
from stampbook.commands import Needs, decide, kind_of
from stampbook.commands.record_order import OrderRecorded, RecordOrder
from stampbook.commands.return_order import OrderReturned, ReturnOrder
from stampbook.commands.update_order import OrderUpdated, UpdateOrder
from stampbook.core.draft import Draft
from stampbook.core.order_effects import rewarded
from stampbook.core.order_money import as_rules_read, remaining
from stampbook.core.participation import multipliers
from stampbook.core.purchases import Purchase
from stampbook.core.refusals import (
    INSTANT_IN_FUTURE,
    MEMBER_BLOCKED,
    MEMBER_ID_RETIRED,
    MEMBER_NOT_FOUND,
    ORDER_ALREADY_RECORDED,
    ORDER_ALREADY_RETURNED,
    ORDER_AMOUNT_INVALID,
    ORDER_CANCELLED,
    ORDER_CURRENCY_UNKNOWN,
    ORDER_NOT_FOUND,
    ORDER_PRODUCT_UNKNOWN,
    ORDER_RETURN_TOO_LARGE,
    POINTS_INSUFFICIENT,
    PROGRAM_AUTO_ENROL_OFF,
    REFERRAL_CLAIM_EXPIRED,
    REFERRAL_EMAIL_DISPOSABLE,
    REFERRAL_FRIEND_IS_CUSTOMER,
    REFERRAL_FRIEND_TAKEN,
    REFERRAL_OWN_LINK,
    Refused,
    refuse,
)
from stampbook.core.rules.evaluate import CAMPAIGNS, evaluate, member_inputs
from stampbook.core.rules.explain import Explanation, explain
from stampbook.core.tiers import multiplier_of
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import TransactionStatus
from stampbook.store.reading.orders import orders
from stampbook.values.amounts import Key


class OneOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order by the shop's id."""

    order_id: Key


class OrderPage(Struct, frozen=True, kw_only=True):
    """Orders, the newest first."""

    items: tuple[Order, ...]
    next_cursor: str | None


class ExplainOrder(Purchase, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order to value; it is not recorded."""


class OrderExplained(Struct, frozen=True, kw_only=True):
    """What the order would earn now, and why.

    Shapes: `refused` says why it would not be recorded, or would earn nothing; `explanation` is
    what the rules say, of which a cap may cut something. Both are None when orders earn nothing
    in this program. Units: points.
    """

    would_be_recorded: bool
    points: int
    status: TransactionStatus | None
    refused: Refused | None
    explanation: Explanation | None
    sentences: tuple[str, ...]


def read_order(desk: Desk, asked: OneOrder) -> Order:
    """Give one order, with what its award has become by now."""
    with desk.present() as present:
        key = present.key("order", asked.order_id)
        draft = present.draft(Needs(orders=(key,)))
    order = draft.order(key)
    if order is None:
        raise RefusedError(refuse(ORDER_NOT_FOUND, field="order_id", order_id=asked.order_id))
    return rewarded(draft, order, order.award_id)


def list_member_orders(desk: Desk, asked: OfMember) -> OrderPage:
    """Give a page of a member's orders."""
    with desk.present() as present, cursors_checked():
        _, book = present.known(asked.member_id)
        page = orders(
            present.unit, desk.program_id, book.member.id, limit=asked.limit, after=asked.cursor
        )
        return OrderPage(items=page.items, next_cursor=page.next)


def explain_order(desk: Desk, asked: ExplainOrder) -> OrderExplained:
    """Decide an order in a draft that is dropped, and say what its rules did."""
    command = RecordOrder(**{name: getattr(asked, name) for name in asked.__struct_fields__})
    with desk.present() as present:
        draft = present.draft(kind_of(RecordOrder).needs(command))
        decided = decide(draft, command)
    if isinstance(decided, Refused):
        return OrderExplained(
            would_be_recorded=False,
            points=0,
            status=None,
            refused=decided,
            explanation=None,
            sentences=(),
        )
    assert isinstance(decided, OrderRecorded)
    explanation = _explanation(draft, decided)
    award = decided.transaction
    return OrderExplained(
        would_be_recorded=True,
        points=award.points if award else 0,
        status=award.status if award else None,
        refused=decided.refused,
        explanation=explanation,
        sentences=explanation.sentences() if explanation else (),
    )


def _explanation(draft: Draft, decided: OrderRecorded) -> Explanation | None:
    """Explain by what the award was valued with, or by what it would have been."""
    definition, award = draft.definition, decided.transaction
    activity = definition.order_activity
    if activity is None or not activity.is_active or decided.member is None:
        return None
    if award is not None:
        inputs = award.inputs
    else:
        multiplier = multiplier_of(definition, decided.member.tier)
        inputs = member_inputs(activity, decided.member, multiplier)
        inputs[CAMPAIGNS] = multipliers(draft.book(decided.member.id), draft.program)
    order = decided.order
    read = as_rules_read(order, remaining(order, order.attributes), definition.currency)
    valued = evaluate(activity, read, inputs)
    return None if isinstance(valued, Refused) else explain(valued)


RECORDING_REFUSES = (
    PROGRAM_AUTO_ENROL_OFF,
    MEMBER_BLOCKED,
    MEMBER_ID_RETIRED,
    ORDER_ALREADY_RECORDED,
    ORDER_AMOUNT_INVALID,
    ORDER_CANCELLED,
    ORDER_CURRENCY_UNKNOWN,
    INSTANT_IN_FUTURE,
    REFERRAL_OWN_LINK,
    REFERRAL_FRIEND_IS_CUSTOMER,
    REFERRAL_FRIEND_TAKEN,
    REFERRAL_EMAIL_DISPOSABLE,
    REFERRAL_CLAIM_EXPIRED,
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
    Answer(
        method="POST",
        path="/v1/orders/explain",
        summary="See what an order would earn, and why",
        scope="read",
        asks=ExplainOrder,
        gives=OrderExplained,
        answers=explain_order,
        example=AN_ORDER,
    ),
    Answer(
        method="GET",
        path="/v1/orders/{order_id}",
        summary="Read an order",
        scope="read",
        asks=OneOrder,
        gives=Order,
        refuses=(ORDER_NOT_FOUND,),
        answers=read_order,
    ),
    Answer(
        method="GET",
        path="/v1/members/{member_id}/orders",
        summary="List a member's orders",
        scope="read",
        asks=OfMember,
        gives=OrderPage,
        refuses=(MEMBER_NOT_FOUND, CURSOR_INVALID),
        answers=list_member_orders,
    ),
    Submit(
        method="PATCH",
        path="/v1/orders/{order_id}",
        summary="Tell what the shop says of an order now",
        scope="write",
        asks=UpdateOrder,
        gives=OrderUpdated,
        refuses=(ORDER_NOT_FOUND, ORDER_AMOUNT_INVALID, POINTS_INSUFFICIENT),
        example={
            "financial_status": "partially_refunded",
            "refunded": "10.00",
            "updated_at": "2026-03-02T10:15:00Z",
        },
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
            ORDER_CANCELLED,
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
