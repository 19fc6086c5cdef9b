"""Order effects: what a member has because of an order follows what the order is.

Everything is the difference between two versions of the order, so that nothing happens twice:
what counts as spent, the purchase, the award, the clawback, the coupons.

Source: decisions/0013.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.activities import perform
from stampbook.core.book import Book
from stampbook.core.clawbacks import claw_back, is_less
from stampbook.core.draft import Draft
from stampbook.core.order_coupons import let_go, use_for
from stampbook.core.order_money import (
    as_rules_read,
    came_back,
    counts,
    is_over,
    remaining,
    spent,
)
from stampbook.core.order_news import changed
from stampbook.core.refusals import MEMBER_BLOCKED, POINTS_NOTHING_EARNED, Refused, refuse
from stampbook.core.refusing import state_refusal
from stampbook.core.rewards import announce
from stampbook.core.tiers import count_towards, reconsider
from stampbook.facts import FactData
from stampbook.facts.order.recorded import OrderRecorded
from stampbook.facts.order.updated import OrderUpdated
from stampbook.facts.points.refused import PointsRefused
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.member import TierStanding
from stampbook.nouns.order import Order
from stampbook.nouns.transaction import Transaction
from stampbook.values.ids import TransactionId
from stampbook.values.money import from_minor


class Effects(Struct, frozen=True, kw_only=True):
    """What followed from a change of an order.

    Shapes: `transaction` is the award that it earned or what was deducted; `refused` says why it
    earned nothing, `coupon_refused` why its coupon was not used.
    """

    order: Order
    transaction: Transaction | None = None
    refused: Refused | None = None
    coupon: Coupon | None = None
    coupon_refused: Refused | None = None


def follow(draft: Draft, book: Book, before: Order | None, order: Order, *, reason: str) -> Effects:
    """Store an order, tell its change, and let everything that hangs on it follow.

    Shapes: `before` is None for a new order; the fact stands first and tells the order as it is
    when everything has followed.
    """
    draft.put_order(book, order)
    standing = _count(draft, book, before, order)
    fact = _told(draft, book, before, order)
    reconsider(draft, book, standing)
    known, award_id = order, order.award_id
    coupon = coupon_refused = transaction = refused = None
    if before is None and order.coupon_code:
        order, coupon, coupon_refused = use_for(draft, book, order)
    if counts(order) and (before is None or before.is_waiting):
        transaction, refused = _earn(draft, book, order)
        award_id = transaction.id if transaction is not None else None
    available = book.member.balances.available
    if is_over(order) and (before is None or _ends_more(before, order)):
        order = let_go(draft, book, order)  # what it was bought with comes back first
    if before is not None and is_less(before, order) and transaction is None:
        award_id, transaction = claw_back(draft, book, order, reason)
    announce(draft, book, available)
    order = rewarded(draft, order, award_id)
    if order is not known:
        draft.put_order(book, order)
        draft.complete(fact, order=order, **_changed(before, order))
    return Effects(
        order=order,
        transaction=transaction,
        refused=refused,
        coupon=coupon,
        coupon_refused=coupon_refused,
    )


def _ends_more(before: Order, after: Order) -> bool:
    """Tell whether an order was cancelled, or came back in full, just now."""
    was, now = before.cancelled_at is not None, after.cancelled_at is not None
    return (was, before.returned_in_full) != (now, after.returned_in_full)


def _told(draft: Draft, book: Book, before: Order | None, order: Order) -> FactData:
    if before is None:
        return draft.fact(OrderRecorded, book, order=order)
    back = from_minor(came_back(order) - came_back(before), order.currency)
    return draft.fact(
        OrderUpdated, book, order=order, returned_amount=back, **_changed(before, order)
    )


def _changed(before: Order | None, order: Order) -> dict[str, Any]:
    return {} if before is None else {"changed": changed(before, order)}


def _count(draft: Draft, book: Book, before: Order | None, order: Order) -> TierStanding | None:
    """Count what an order adds to revenue, purchases and the tier, or takes out of them."""
    currency = draft.definition.currency
    spend = spent(order, currency) - (spent(before, currency) if before else 0)
    purchases = counts(order) - (counts(before) if before else 0)
    if not spend and not purchases:
        return None
    member, at = book.member, order.created_at
    number = max(0, member.number_of_purchases + purchases)
    revenue = max(0, book.counters.revenue_minor + spend)
    draft.change_counters(book, replace(book.counters, revenue_minor=revenue))
    fields = revenue_fields(draft, revenue, number)
    if purchases > 0:
        fields["first_purchase_at"] = min(member.first_purchase_at or at, at)
        fields["last_purchase_at"] = max(member.last_purchase_at or at, at)
        fields["last_activity_at"] = draft.at
    draft.change_member(book, number_of_purchases=number, **fields)
    return count_towards(draft, book, spend=spend)


def _earn(draft: Draft, book: Book, order: Order) -> tuple[Transaction | None, Refused | None]:
    """Award the activity that orders set off, if the program has one, for what is left."""
    activity = draft.definition.order_activity
    if activity is None or not activity.is_active or order.returned_in_full:
        return None, None
    if book.member.status != "active":
        awarded = refuse(
            MEMBER_BLOCKED,
            member_id=order.member_id,
            order_id=order.order_id,
            status=book.member.status,
        )
    else:
        left = remaining(order, order.attributes)
        awarded = perform(
            draft,
            book,
            activity.id,
            order.attributes,
            read=as_rules_read(order, left, draft.definition.currency),
            order_id=order.order_id,
        )
    if isinstance(awarded, Transaction):
        return awarded, None
    if awarded.code != POINTS_NOTHING_EARNED.code:
        state_refusal(draft, PointsRefused, awarded)
    return None, awarded


def rewarded(draft: Draft, order: Order, award_id: TransactionId | None) -> Order:
    """Give an order with its award and what it has earned by now."""
    award = draft.transaction(award_id) if award_id else None
    coins, is_rewarded = 0, False
    if award is not None and award.status in {"pending", "approved"}:
        coins = award.points - award.returned_points
        is_rewarded = award.status == "approved" and coins > 0
    now = (award_id, coins, is_rewarded)
    if now == (order.award_id, order.coins_rewarded, order.is_rewarded):
        return order
    return replace(order, award_id=award_id, coins_rewarded=coins, is_rewarded=is_rewarded)


def revenue_fields(draft: Draft, revenue: int, purchases: int) -> dict[str, Any]:
    """Give what a member spent, and the average of their orders. Units: revenue in minor units."""
    currency = draft.definition.currency
    average = round(revenue / purchases) if purchases else 0
    return {"revenue": from_minor(revenue, currency), "aov": from_minor(average, currency)}
